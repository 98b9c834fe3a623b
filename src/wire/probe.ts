// Paths that threads answer themselves while a drill runs: what an application may do at its worst, on request. A random
// token is part of each, and only `tunicorn drill` hands one out; a server that serves has none. The Python half of these
// names is in python/tunicorn_bridge/probe.py.

/**
 * ok      an empty 200, at once.
 * hang    never answers: sleeps (Python), leaves its promise pending (Node.js).
 * spin    an endless loop in the language itself.
 * native  native code that no interruption reaches.
 * exit    ends the process (Python) or the thread (Node.js) with code 7.
 * read    reads the request's body to its end, then answers as ok.
 * big     answers 200 with as many bytes as its query says.
 * work    holds its thread for as many seconds as its query says, then answers as ok.
 */
export const PROBE_NAMES = ['ok', 'hang', 'spin', 'native', 'exit', 'read', 'big', 'work'] as const;

export type ProbeName = (typeof PROBE_NAMES)[number];

/** What every probe path of this token begins with. */
export function probePrefix(token: string): string {
  return `/-${token}-/`;
}

export function probePath(token: string, name: ProbeName, query?: number): string {
  return probePrefix(token) + name + (query === undefined ? '' : `?${query}`);
}
