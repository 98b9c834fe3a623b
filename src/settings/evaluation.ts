// How long a config file may take, wherever it is evaluated: for its settings, for the hooks beside the arbiter.

/** It may ask a service for its values; one that hangs must not hang the start, a reload or a hook for ever. */
export const EVALUATE_MS = 60_000;
