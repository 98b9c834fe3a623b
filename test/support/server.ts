// Starts the real server, as a user would, on a free port of 127.0.0.1, and gives it to the test when it is ready. The
// test's end stops it and everything below it; on failure its log is printed.

import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';

export interface ServerOptions {
  /** Options of the command line, without --bind and the application. */
  readonly args?: readonly string[];
  /** "hello:app", "./app.ts" ...; absent where a config file names it. */
  readonly app?: string;
  /** Where the command is given. */
  readonly cwd?: string;
  /** On top of the test's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of a free TCP port: values for --bind. The port is 0 if none of them is TCP. */
  readonly bind?: readonly string[];
  /** How many workers must be ready; default 1. */
  readonly readyWorkers?: number;
  /** What the shell's `ulimit` is given before the server starts: "-n 64". */
  readonly ulimit?: string;
  /** Its own process group; see Program.signalGroup. */
  readonly detached?: boolean;
  /** The compiled command of another folder. */
  readonly commandPath?: string;
}

export class Server extends Program {
  /** The first TCP port it listens on. */
  port = 0;

  get url(): string {
    return `${/Listening at: https:/.test(this.log()) ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Pids of the workers that became ready, in that order; dead ones included. */
  workerPids(): number[] {
    return [...this.log().matchAll(/Worker ready \(pid: (\d+)\)/g)].map((match) =>
      Number(match[1]),
    );
  }
}

/** The bundled command, beside the compiled tests. */
export const commandPath = fileURLToPath(new URL('../../programs/tunicorn.js', import.meta.url));

/** Resolves when enough workers are ready; rejects with the log when the server ends before. */
export async function startServer(t: TestContext, options: ServerOptions): Promise<Server> {
  const server = launchServer(t, options);
  const labels = (await server.line(/Listening at: (.*) \(\d+\)/))[1] ?? '';
  server.port = Number(/https?:\/\/\S*?:(\d+)(?:,|$)/.exec(labels)?.[1] ?? 0);
  await server.line(/Worker ready \(pid: \d+\)/, options.readyWorkers ?? 1);
  return server;
}

/** Starts it and waits for nothing: for servers that are meant to fail. */
export function launchServer(t: TestContext, options: ServerOptions): Server {
  const { args = [], app, cwd, env, bind = ['127.0.0.1:0'], detached, ulimit } = options;
  const binds = bind.flatMap((address) => ['--bind', address]);
  const main = options.commandPath ?? commandPath;
  const command = [process.execPath, main, ...binds, ...args, ...(app === undefined ? [] : [app])];
  const limited = ['sh', '-c', `ulimit ${ulimit} && exec "$0" "$@"`, ...command];
  const [program = '', ...rest] = ulimit === undefined ? command : limited;
  return new Server(t, {
    command: program,
    args: rest,
    cwd,
    env,
    detached,
  });
}
