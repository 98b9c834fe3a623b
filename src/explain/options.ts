// The words of `tunicorn explain` that are its own: the request that is asked about, and in which form the answer is
// wanted. What no client could send is refused here; what the server would refuse is an answer and no mistake.

import { isIP } from 'node:net';
import { isToken } from '../http1/octets.ts';
import { takeOwnWords, wrongWord } from '../settings/own-words.ts';

export interface Question {
  readonly method: string;
  /** As the client sends it, with a query if there is one. */
  readonly target: string;
  /** Where the connection comes from; empty for a client of a unix socket. */
  readonly from: string;
  /** Name, value, name, value. */
  readonly fields: readonly string[];
}

export interface ExplainOptions {
  readonly question: Question;
  readonly json: boolean;
}

export const EXPLAIN_FLAGS = ['--method', '--path', '--from', '--header', '--json'] as const;

/** RFC 9112, 3.2: a path, a whole URL, or the server as such. CONNECT says where to, in a form that nobody is likely to ask about. */
const TARGET = /^(?:\/[\x21-\x7e]*|https?:\/\/[\x21-\x7e]+|\*)$/i;

const FROM = '127.0.0.1';
const UNIX = 'unix';

export const EXPLAIN_HELP = `usage: tunicorn explain [OPTIONS] [APP]

Tells what would hold for one request, each with the setting that says so, its
value and where it was set: whose request it would be taken for, which limits it
would meet, how long each thing that it waits for may take. It is decided by the
functions that serve, and nothing is started or sent.

  --method METHOD         [GET]
  --path PATH             As a client sends it, perhaps with a query. [/]
  --from ADDRESS          Where the connection comes from: an IP address, or
                          ${UNIX} for a client of a unix socket. [${FROM}]
  --header 'NAME: VALUE'  A field of the request. May be given again.
  --json                  For programs.

Every other option is the server's: see tunicorn --help. Without APP it is taken
for a WSGI application, or for what --app-type says. A module called explain is
served by tunicorn explain:app.

Exit code: 0, also for a request that would be refused; 2 for a wrong command
line, 1 for settings that do not hold.`;

/**
 * Takes the words of `explain` out of a command line; `rest` is the server's.
 * @throws SettingError that isUsage
 */
export function takeQuestion(argv: readonly string[]): {
  own: ExplainOptions;
  rest: readonly string[];
} {
  const { last, all, rest } = takeOwnWords<(typeof EXPLAIN_FLAGS)[number]>(argv, {
    '--method': 'value',
    '--path': 'value',
    '--from': 'value',
    '--header': 'values',
    '--json': 'bare',
  });
  const method = last('--method') ?? 'GET';
  if (!isToken(method)) {
    throw wrongWord('--method', method, "a method of HTTP: letters, digits and !#$%&'*+-.^_`|~");
  }
  const target = last('--path') ?? '/';
  if (!TARGET.test(target)) {
    throw wrongWord(
      '--path',
      target,
      'a path that begins with /, a URL or *, as a client sends it',
    );
  }
  const question = { method, target, from: addressOf(last('--from') ?? FROM) };
  const fields = all('--header').flatMap(fieldOf);
  return { own: { question: { ...question, fields }, json: last('--json') !== undefined }, rest };
}

function addressOf(text: string): string {
  if (text === UNIX) return '';
  if (isIP(text) === 0) {
    throw wrongWord('--from', text, `an IP address, or ${UNIX} for a client of a unix socket`);
  }
  return text;
}

/** Whether the server takes such a name or value is an answer; a line end would be another field. */
function fieldOf(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon < 1 || /[\0\r\n]/.test(text)) {
    throw wrongWord('--header', text, "a name, a colon and a value: 'x-api-key: k'");
  }
  return [text.slice(0, colon), text.slice(colon + 1).trim()];
}
