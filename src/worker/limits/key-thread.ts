// The thread that runs the key functions of a config file (`limits: [{ key: (request) => ... }]`): loads the file as it is now and
// answers what the worker asks. Whatever a function does, computing for ever included, it does here and not on the worker's loop.

import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../../settings/config-file.ts';
import type { KeyedRequest } from '../../settings/limit-rules.ts';
import type {
  FromKeyThread,
  KeyAnswer,
  KeyQuestion,
  KeyThreadData,
  ToKeyThread,
} from '../../wire/limit-keys.ts';

type KeyFunction = (request: KeyedRequest) => unknown;

if (parentPort === null) throw new Error('key-thread runs in a worker_threads thread');
const port = parentPort;

function say(message: FromKeyThread): void {
  port.postMessage(message);
}

/** By their place in the list. */
function functionsOf(exported: unknown): ReadonlyMap<number, KeyFunction> {
  const limits: unknown =
    typeof exported === 'object' && exported !== null && 'limits' in exported
      ? exported.limits
      : [];
  const found = new Map<number, KeyFunction>();
  for (const [place, limit] of (Array.isArray(limits) ? limits : []).entries()) {
    const key: unknown = limit?.key;
    if (typeof key === 'function') found.set(place, key as KeyFunction);
  }
  return found;
}

function requestOf({ method, path, query, fields, address }: KeyQuestion): KeyedRequest {
  const headers: { [name: string]: string } = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const before = headers[name];
    headers[name] =
      before === undefined ? (fields[i + 1] as string) : `${before}, ${fields[i + 1]}`;
  }
  return { method, path, query, headers, address };
}

async function answerOf(
  question: KeyQuestion,
  functions: ReadonlyMap<number, KeyFunction>,
): Promise<KeyAnswer> {
  const { id, place } = question;
  const none = (error: string | null): KeyAnswer => ({ id, key: null, error });
  try {
    const key = functions.get(place);
    if (key === undefined) return none('the file has no function there any more');
    const found = await key(requestOf(question));
    if (found === null || found === undefined) return none(null);
    if (typeof found === 'string' || typeof found === 'number') {
      return { id, key: String(found), error: null };
    }
    return none(`a key is a text or null, and it answered ${typeof found}`);
  } catch (error) {
    return none(String(error));
  }
}

/** What is answered in one turn travels together. */
let answers: KeyAnswer[] = [];

function tell(answer: KeyAnswer): void {
  if (answers.length === 0) setImmediate(flush);
  answers.push(answer);
}

function flush(): void {
  const all = answers;
  answers = [];
  say({ answers: all });
}

/** It would end the thread, and take the keys of all functions away for as long as another one loads the file. */
process.exit = () => {
  throw new Error('it called process.exit(), which a config file is not to do in a server');
};

try {
  const { file } = workerData as KeyThreadData;
  const functions = functionsOf(await loadConfig(file, file));
  port.on('message', (message: ToKeyThread) => {
    if ('ping' in message) say({ pong: true });
    else for (const question of message.questions) void answerOf(question, functions).then(tell);
  });
  say({ ready: true });
} catch (error) {
  say({ failed: String(error) });
}
