// Lengths of time as people read them, the same in tables, in a terminal and in a browser.

/** 0.4ms, 12ms, 1.2s; for what is measured in milliseconds. */
export function brief(ms: unknown): string {
  if (typeof ms !== 'number') return '-';
  if (ms < 9.95) return `${ms.toFixed(1)}ms`;
  return ms < 999.5 ? `${ms.toFixed(0)}ms` : duration(ms);
}

/** 0.3s, 12.0s, 4m05s, 3h07m, 2d04h */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h${two((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86400)}d${two((seconds % 86400) / 3600)}h`;
}
