// Numbers, moments and amounts as the page writes them: short, and as wide as each other. Lengths of time are those of src/durations.ts.

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 7, 1,234, 12,345 */
export function whole(count: number): string {
  return WHOLE.format(count);
}

/** 0, 0.4, 7, 1,234: of what is counted each second. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 9.95 && !Number.isInteger(perSecond)
    ? perSecond.toFixed(1)
    : whole(perSecond);
}

/** In the largest of these units, each a thousand of the one before, of which there is one; and which that is. */
function scaled(amount: number, units: readonly string[]): { value: number; unit: string } {
  let value = amount;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return { value, unit: units[at] ?? '' };
}

const MULTIPLES = ['', 'k', 'M', 'G', 'T'] as const;

/** 0.4, 7, 950, 2.5k, 10k, 1.5M: a rate where there is room for six signs with what stands behind it. */
export function compactRate(perSecond: number): string {
  const { value, unit } = scaled(perSecond, MULTIPLES);
  if (unit === '') return rate(value);
  return `${value < 99.95 ? Number(value.toFixed(1)) : value.toFixed(0)}${unit}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 512B, 1.2kB, 34MB: thousands, as networks count. */
export function bytes(amount: number): string {
  const { value, unit } = scaled(amount, UNITS);
  return `${unit !== 'B' && value < 9.95 ? value.toFixed(1) : value.toFixed(0)}${unit}`;
}

/** 34MiB: as the system counts memory. */
export function mebibytes(amount: number): string {
  return `${whole(amount / 2 ** 20)}MiB`;
}

/** 14:03:22, on the clock of whoever looks. */
export function clockTime(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** "1 connection", "2 connections" */
export function several(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** "12ms" as "12" and "ms", "4m05s" as it is: units are smaller than what they belong to. */
export function parted(text: string): { readonly number: string; readonly unit: string } {
  const [, number, unit] = /^([\d.,]+)([a-zA-Z/]+)$/.exec(text) ?? [];
  return number === undefined || unit === undefined ? { number: text, unit: '' } : { number, unit };
}
