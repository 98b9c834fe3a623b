// Levels of a line for the error log that comes from another process or thread, the least important first: threads of
// Python and of Node.js send the index, hooks beside the arbiter the name.

export const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;
