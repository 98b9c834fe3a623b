// The one bound that many declarations share.

/** The longest time that a Node.js timer can wait, in whole seconds (2^31 - 1 ms): a little under 25 days. */
export const LONGEST_SECONDS = 2_147_483;
