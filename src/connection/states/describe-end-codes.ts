// What docs/logs.md says about how requests end: the letters, from the states and the catalogue that the code works with, and every
// pair of them that can be, which the tests meet one by one.

import { ENDERS } from './failures.ts';
import { OWING, READING } from './states.ts';

/** Every end code there is. */
export const END_CODES: Readonly<Record<string, string>> = {
  '--': 'The response left whole.',
  CP: 'The connection began with a PROXY header that is none, or that its address may not send: 400, 403.',
  CH: 'The head is malformed or passes a limit: 400, 414, 431, 501, 505.',
  CB: 'The body is malformed, or passes limit_request_body or what worker_spool leaves: 400, 413.',
  CL: 'Limits of clients: 429, or 403 for one that is kept out.',
  CQ: 'The client left while its request waited for a thread; it never ran. Or 503 `client-ended`.',
  CR: 'The client left before the application had begun its response. With WSGI that may have been answered all the same.',
  CS: 'The client left in the middle of a response, while the application was making more of it.',
  CU: 'The client of an upgraded connection (WebSocket) left with a reset.',
  CW: 'The client left with some of its response on the way to it.',
  cH: 'The head was not complete within `head_timeout`: 408.',
  cU: 'Nothing moved on an upgraded connection for `upgrade_idle_timeout`: closed.',
  cB: 'The body did not come within `body_timeout`, or came more slowly than `body_min_rate`: 408.',
  cW: 'The client read nothing for `write_timeout`, or more slowly than `write_min_rate`, or had stalled longest when its room was needed: reset.',
  AR: 'The application failed before its response (500), or its thread died (502), or it gave less than its Content-Length.',
  AS: 'The same in the middle of a response.',
  AU: 'The thread of an upgraded connection died: reset; or the application hung up without an answer.',
  AW: 'The same while its client had more to read.',
  aR: 'The application did not begin its response within `timeout`: 504.',
  aS: 'The application paused for `stream_timeout` inside its response: reset.',
  SB: 'The body could not be kept on disk: 507; or others had what worker_spool allows: 503.',
  SQ: 'The queue was full, or the server was ending: 503.',
  SR: 'The server ended, or a part of it broke, while the application ran: 502 or 503, 500 for `outside-script-name`; or an operator interrupted it: 504.',
  SS: 'The same in the middle of a response.',
  SU: 'The server ended, and an upgraded connection with it; or its client did not close after our close frame.',
  SW: 'The same while its client had more to read; or what waited for it on disk was lost.',
  sQ: 'No thread was free within `queue_timeout`: 503.',
};

/** What the first character means, and what the second. A state has the letter of what its request waits for. */
export function endCodesTables(): string {
  const letters = new Map<string, string>();
  for (const { letter, waitsFor } of [...Object.values(READING), ...Object.values(OWING)]) {
    if (letter !== '' && !letters.has(letter)) letters.set(letter, waitsFor);
  }
  return [
    '| first | who ended it |',
    '| --- | --- |',
    ...Object.entries(ENDERS).map(([letter, words]) => `| \`${letter}\` | ${words} |`),
    '',
    '| second | what was waited for |',
    '| --- | --- |',
    '| `-` | nothing more |',
    ...[...letters].map(([letter, waitsFor]) => `| \`${letter}\` | ${waitsFor} |`),
    '',
    '| code | what happened |',
    '| --- | --- |',
    ...Object.entries(END_CODES).map(([code, words]) => `| \`${code}\` | ${words} |`),
  ].join('\n');
}
