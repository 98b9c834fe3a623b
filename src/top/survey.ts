// Asks a server all that one picture of it needs, and what somebody at the keys wants of one thread.

import type { Members } from '../ctl/answer.ts';
import { answerTo, type CtlRequest } from '../ctl/client.ts';
import { plain, type Seen, seenIn } from './seen.ts';

/** A server answers in some milliseconds; one that was stopped does not. */
const PATIENCE_MS = 3000;

/** Rejects with an Error with a sentence for people. */
export async function survey(socketPath: string): Promise<Seen> {
  const ask = async (path: string): Promise<Members> =>
    (await answerTo(socketPath, get(path), PATIENCE_MS)).answer;
  const [status, traffic, workers, threads, connections] = await Promise.all([
    ask('/status'),
    ask('/traffic'),
    ask('/workers'),
    ask('/threads'),
    // How many are in each state, and none of them.
    ask('/connections?limit=0'),
  ]);
  return seenIn({ status, traffic, workers, threads, connections });
}

/** Where a thread is, line by line. Rejects as `survey`. */
export async function stackOf(socketPath: string, thread: string): Promise<readonly string[]> {
  const { answer } = await answerTo(socketPath, get(`${pathOf(thread)}/stack`));
  const { stack } = answer;
  if (typeof stack !== 'string') return ['It does not pause: it is idle, or in native code.'];
  return stack.split('\n').map(plain);
}

/** A sentence about what it was worth. Rejects as `survey`. */
export async function interrupt(socketPath: string, thread: string): Promise<string> {
  const request = { method: 'POST', path: `${pathOf(thread)}/interrupt`, body: {} } as const;
  const { requests } = (await answerTo(socketPath, request)).answer;
  return requests === 0
    ? `${thread} runs no request any more.`
    : `${thread}: requests interrupted: ${plain(requests)}. The log has where they were.`;
}

function get(path: string): CtlRequest {
  return { method: 'GET', path, body: null };
}

/** 4711/3 */
function pathOf(thread: string): string {
  const [worker, number] = thread.split('/');
  return `/workers/${worker}/threads/${number}`;
}
