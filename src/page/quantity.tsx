// A number with its unit, the unit smaller: so that the number is what one reads.

import type { JSX } from 'preact';
import { parted } from './numbers.ts';

export function Quantity({ text }: { text: string }): JSX.Element {
  const { number, unit } = parted(text);
  return (
    <span class="quantity">
      {number}
      {unit === '' ? null : <small>{unit}</small>}
    </span>
  );
}
