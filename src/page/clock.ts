// The one file of the page that asks what time it is; the server's moments come with its messages.

/** Milliseconds since the page was loaded, monotonic. */
export function monotonicMs(): number {
  return performance.now();
}
