// Where a config file in TypeScript, JavaScript or JSON sets a key: a program may set it in ways that no reader of its
// text can follow, so a line is told only where exactly one looks like it. Nothing but messages depends on it.

const COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;

/** The line, from 1, on which the text sets `key` in an object, or takes it over by its name; null when none or several do. */
export function lineOfKey(text: string, key: string): number | null {
  // Comments become empty lines: the numbers stay.
  const code = text.replace(COMMENTS, (comment) => comment.replace(/[^\n]/g, ' '));
  const name = key.replace(/[^\w$]/g, '\\$&');
  // `key:`, `'key':`, `key() {`, `async key(`, or `key,` and `key }` by itself.
  const setting = new RegExp(
    `(?:^|[{,\\s])(?:async\\s+)?(?:${name}|'${name}'|"${name}")\\s*(?:[:(]|(?=[,}]|$))`,
  );
  const lines = code.split('\n').flatMap((line, index) => (setting.test(line) ? [index + 1] : []));
  return lines.length === 1 ? (lines[0] ?? null) : null;
}
