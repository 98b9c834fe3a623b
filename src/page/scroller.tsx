// What may be larger than its place and scrolls there: reached and moved with the keyboard as well, in every browser.

import type { ComponentChildren, JSX } from 'preact';

interface Terms {
  readonly name: string;
  readonly kind: string;
  readonly children: ComponentChildren;
}

export function Scroller({ name, kind, children }: Terms): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached
    <section class={kind} tabIndex={0} aria-label={name}>
      {children}
    </section>
  );
}
