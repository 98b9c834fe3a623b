// What an arbiter hands to the next one (SIGUSR2): its listening sockets as open descriptors, and in one environment
// variable what each of them is and whose child it is. Whoever finds the variable and is not that child ignores it.

/** Descriptors beside standard input, output and error begin here. */
const FIRST_FD = 3;
const VARIABLE = 'TUNICORN_UPGRADE';

export interface Inheritance {
  /** The arbiter that started this one, and lives as long as it is our parent. */
  readonly parent: number;
  /** Descriptors by the address that they listen on, as listeners.ts writes it. */
  readonly sockets: ReadonlyMap<string, number>;
}

/** The variables for the next arbiter, which is given descriptors for `binds` in this order, from `FIRST_FD` on. */
export function bequest(binds: readonly string[]): NodeJS.ProcessEnv {
  const sockets = binds.map((bind, index) => [bind, FIRST_FD + index]);
  return { [VARIABLE]: JSON.stringify({ parent: process.pid, sockets }) };
}

/** What this process was handed; null when it was started by anybody else. The variable is gone after that: it is not for our children. */
export function takeInheritance(env: NodeJS.ProcessEnv): Inheritance | null {
  const text = env[VARIABLE];
  delete env[VARIABLE];
  if (text === undefined) return null;
  const { parent, sockets } = JSON.parse(text) as {
    readonly parent: number;
    readonly sockets: readonly (readonly [string, number])[];
  };
  return parent === process.ppid ? { parent, sockets: new Map(sockets) } : null;
}
