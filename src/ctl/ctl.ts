// `tunicorn ctl`: finds the control socket of a server, asks, and shows the answer.

import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ENDING, type Environment, folderOf, namedPlace } from '../arbiter/control/place.ts';
import { messageOf } from '../message-of.ts';
import type { Settings } from '../settings/settings.ts';
import type { CtlRequest } from './commands.ts';
import type { CtlOptions } from './options.ts';

/** The longest that a question takes is to find out that threads are in native code. */
const PATIENCE_MS = 15_000;

export interface CtlWorld {
  readonly env: Environment;
  readonly uid: number;
  out(text: string): void;
  err(text: string): void;
}

/** @returns the exit code */
export async function runCtl(
  settings: Settings,
  { command, request, json }: CtlOptions,
  world: CtlWorld,
): Promise<number> {
  try {
    const { status, text } = await ask(socketOf(settings, world), request);
    const answer: unknown = JSON.parse(text);
    const members = typeof answer === 'object' && answer !== null ? answer : {};
    if (status >= 300) throw new Error('error' in members ? String(members.error) : text);
    world.out(json ? text : command.shown(members as Readonly<Record<string, unknown>>));
    return 0;
  } catch (error) {
    world.err(`Error: ${messageOf(error)}\n`);
    return 1;
  }
}

/** @throws Error with a sentence for people */
function socketOf(settings: Settings, { env, uid }: CtlWorld): string {
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

function ask(
  socketPath: string,
  { method, path, body }: CtlRequest,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
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
