// A server asked at its control socket, by HTTP as any client would and by `tunicorn ctl`. Every answer must be as it is described.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { commandPath } from '../support/server.ts';
import { assertDescribed } from './control-description.ts';

export type Members = Readonly<Record<string, unknown>>;

export function askControl(
  socketPath: string,
  path: string,
  post?: string,
): Promise<{ status: number; answer: Members; ms: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const method = post === undefined ? 'GET' : 'POST';
    const asked = httpRequest({ socketPath, path, method }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.on('end', () => {
        const ms = performance.now() - began;
        const status = response.statusCode ?? 0;
        try {
          const answer = JSON.parse(text) as Members;
          assertDescribed({ method: post === undefined ? 'get' : 'post', path, status }, answer);
          resolve({ status, answer, ms });
        } catch (error) {
          reject(error);
        }
      });
    });
    asked.on('error', reject);
    asked.end(post);
  });
}

export function runCtl(
  ...words: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [commandPath, 'ctl', ...words], { timeout: 60_000 });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

export function listOf(answer: Members, member: string): readonly Members[] {
  const list = answer[member];
  assert.ok(Array.isArray(list), `${member} of ${JSON.stringify(answer)}`);
  return list as Members[];
}
