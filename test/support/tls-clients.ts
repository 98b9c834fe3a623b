// TLS clients of other makers, run to their end: curl and openssl s_client.

import { execFile } from 'node:child_process';

export interface Ran {
  /** -1: killed, because it did not end. */
  readonly code: number;
  readonly output: string;
}

/** @param input what is typed */
export function run(command: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 30_000 }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, output: stdout + stderr });
    });
    // One that ends before it has read it says so by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** It asks for https://localhost. */
export function curl(port: number, path: string, ...options: string[]): Promise<Ran> {
  return run('curl', ['-sS', ...options, `https://localhost:${port}${path}`]);
}

export function sClient(port: number, input: string, ...options: string[]): Promise<Ran> {
  return run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options], input);
}
