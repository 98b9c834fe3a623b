// What the tests of other people's clients share: the application that each is tried on, in both kinds, what its answers
// must hold, and programs that are run to their end.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { delimiter } from 'node:path';
import { type Served, serveNode, serveWsgi } from '../end-to-end/serving.ts';
import { soon } from '../support/eventually.ts';

/** Serves test/apps/wsgi/for_clients.py or its Node.js twin. */
export type Serve = (...args: string[]) => Promise<Served>;

/** The two kinds of application, which no client may tell apart. */
export const KINDS: Readonly<Record<'WSGI' | 'Node.js', Serve>> = {
  WSGI: (...args) => serveWsgi('for_clients:app', ['--threads', '4', ...args]),
  'Node.js': (...args) => serveNode('./for-clients.mjs', ['--threads', '2', ...args]),
};

const BLOCK = Buffer.from(Array.from({ length: 251 }, (_, n) => (n * 7) % 251));

/** Bytes `start` up to, but not including, `end` of what the application gives at /bytes and /pieces. */
export function pattern(start: number, end: number): Buffer {
  const first = Math.floor(start / BLOCK.length);
  const blocks = Math.floor(end / BLOCK.length) + 1 - first;
  const all = Buffer.concat(Array.from({ length: blocks }, () => BLOCK));
  return all.subarray(start - first * BLOCK.length, end - first * BLOCK.length);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What /hash answers for this body. */
export function told(method: string, body: Buffer): object {
  return { method, bytes: body.length, sha256: sha256(body) };
}

export interface Ended {
  readonly code: number | null;
  readonly output: Buffer;
  readonly errors: string;
}

/** Generous: a client that hangs is a failure, one on a busy machine is not. */
const COMMAND_MS = 90_000;

/** Runs a program to its end, `input` as its standard input. One that does not end is killed and fails the test. */
export async function run(
  command: string,
  args: readonly string[],
  input?: Buffer,
): Promise<Ended> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`,
      LC_ALL: 'C',
      // No proxy and no settings of whoever runs the tests.
      http_proxy: '',
      no_proxy: '*',
    },
  });
  const output: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  // A client that does not read its input is no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  try {
    const code = await soon(ended, `${command} ${args.join(' ')} to end`, COMMAND_MS);
    return { code, output: Buffer.concat(output), errors };
  } finally {
    child.kill('SIGKILL');
  }
}
