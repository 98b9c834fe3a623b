// What a browser keeps for the page: a token for this tab, a choice of colours for good. A browser that keeps nothing, because somebody
// has forbidden it, is no reason to show nothing.

type Where = 'this tab' | 'for good';

export function kept(where: Where, key: string): string | null {
  try {
    return storage(where).getItem(key);
  } catch {
    return null;
  }
}

export function keep(where: Where, key: string, text: string): void {
  try {
    storage(where).setItem(key, text);
  } catch {
    // It is asked for again next time.
  }
}

function storage(where: Where): Storage {
  return where === 'this tab' ? sessionStorage : localStorage;
}
