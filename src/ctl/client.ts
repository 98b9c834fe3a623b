// Finds the control socket of a server and asks it. One question at a time or many, each with a deadline.

import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ENDING, type Environment, folderOf, namedPlace } from '../arbiter/control/place.ts';
import { messageOf } from '../message-of.ts';
import type { Settings } from '../settings/settings.ts';
import type { Members } from './answer.ts';

/** The longest that a question takes is to find out that threads are in native code. */
export const PATIENCE_MS = 15_000;

export interface CtlRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: object | null;
}

/** Whose server is looked for. */
export interface Asker {
  readonly env: Environment;
  readonly uid: number;
}

/** @throws Error with a sentence for people */
export function socketOf(settings: Settings, { env, uid }: Asker): string {
  const named = namedPlace(settings);
  if (named !== null) return named;
  const folder = folderOf(env, uid);
  const found = folder === null ? [] : socketsIn(folder);
  const [only, ...others] = found;
  const how = 'Say which: --control-socket PATH, --pid FILE or -c FILE.';
  if (only === undefined) {
    throw new Error(
      `No server of this user has a control socket in ${folder ?? 'any folder'}. ${how}`,
    );
  }
  if (others.length > 0) throw new Error(`Several servers run: ${found.join(', ')}. ${how}`);
  return only;
}

function socketsIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(ENDING));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** As it was answered, and as text. Rejects with an Error with a sentence for people, also where the server refuses. */
export async function answerTo(
  socketPath: string,
  request: CtlRequest,
  patienceMs = PATIENCE_MS,
): Promise<{ answer: Members; text: string }> {
  const { status, text } = await ask(socketPath, request, patienceMs);
  const answer: unknown = JSON.parse(text);
  const members = typeof answer === 'object' && answer !== null ? answer : {};
  if (status >= 300) throw new Error('error' in members ? String(members.error) : text);
  return { answer: members as Members, text };
}

function ask(
  socketPath: string,
  { method, path, body }: CtlRequest,
  patienceMs: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patienceMs);
    const asked = httpRequest({ socketPath, method, path, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isGone = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      const why = isGone ? 'no server listens there' : messageOf(error);
      reject(new Error(`Cannot ask ${socketPath}: ${why}.`));
    });
    asked.end(body === null ? undefined : JSON.stringify(body));
  });
}
