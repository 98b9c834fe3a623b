// Patterns of `reload_extra_files`, as a shell knows them with `**`: which text is one, and what it fits. Read where a setting
// is checked and where files are looked for, so that what the one lets pass is never too much for the other.

/** Whether it is meant as a pattern, unless a file or folder has just that name. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/** `**` is any number of folders, `*` and `?` stay within a name. null when it can fit nothing: a range that runs backwards. */
export function expressionOf(pattern: string): RegExp | null {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|[^*?[]+|\[/g, (part) => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('['))
      return part.replace('[!', '[^').replace(/\\/g, '\\\\');
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return null;
  }
}
