// Keys that mean the same on the whole page. Arrow keys move within a group of buttons (an element with data-arrows), as in a toolbar:
// each stays reachable with Tab, too. Esc closes what was opened in the page; dialogs are closed by the browser.

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

export function moveFocus(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const group = document.activeElement?.closest('[data-arrows]') ?? null;
  if (step === undefined || group === null) return;
  const buttons = [...group.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = buttons[at + step];
  if (at === -1 || next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** What opens and closes something that stands in the same element as itself. */
const OPENED = '[aria-expanded="true"], details[open] > summary';

/** What is open around the focus, or else the last thing that is open. */
export function closeOpened(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]') !== null) return;
  const focus = document.activeElement;
  const openers = [...document.querySelectorAll<HTMLElement>(OPENED)];
  const around = openers.find((one) => one.parentElement?.contains(focus) === true);
  const opener = around ?? openers.at(-1);
  if (opener === undefined) return;
  event.preventDefault();
  // What has the focus may be about to go; one that is elsewhere stays there.
  if (around !== undefined) around.focus();
  opener.click();
}
