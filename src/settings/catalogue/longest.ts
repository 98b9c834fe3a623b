// The one bound that many declarations share.

/**
 * In seconds: 11 days. A Node.js timer waits 2^31 - 1 ms (25 days) at most, and one for longer fires at once; so two of these
 * times one after the other, and what a deadline adds of its own, still are a time that it can wait.
 */
export const LONGEST_SECONDS = 1_000_000;
