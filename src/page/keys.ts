// Arrow keys within a group of buttons (an element with data-arrows), as in a toolbar: each stays reachable with Tab, too.

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
