// What a line of the error log has beside its message. Shapes only.

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/**
 * What is known beside the message: code, request, thread ... Flat, so that log stores can index it. `metric`, `value` and `mtype`
 * (gauge, counter, histogram, timer) are a metric for statsd, as in the `extra` of Gunicorn's log calls.
 */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;
