// systemd's socket activation (sd_listen_fds(3)): listening sockets that this process was started with, as descriptors. Whoever finds
// the variables and is not the process that they are for ignores them, and nobody below us sees them.

/** Descriptors beside standard input, output and error begin here. */
const FIRST_FD = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;
/** As many as systemd passes at most by default, and more than anybody needs. */
const MOST_SOCKETS = 1024;

export interface Activation {
  /** `fd://N` for each socket that systemd passed to this process, in the order of its units; none without. */
  readonly sockets: readonly string[];
  /** A sentence for people, where sockets were meant for another process. */
  readonly warning: string | null;
}

/**
 * systemd's sockets. The variables are gone after that.
 * @throws Error with a sentence for people
 */
export function takeActivation(env: NodeJS.ProcessEnv, pid = process.pid): Activation {
  const [wanted, count] = [env['LISTEN_PID'], env['LISTEN_FDS']];
  for (const name of VARIABLES) delete env[name];
  if (wanted === undefined || count === undefined || count === '0') {
    return { sockets: [], warning: null };
  }
  if (wanted !== String(pid)) {
    const warning = `Sockets were passed to process ${wanted} (LISTEN_PID), and this is ${pid}: not used. Whoever starts the server for it must become it (exec).`;
    return { sockets: [], warning };
  }
  const sockets = Number(count);
  if (!Number.isInteger(sockets) || sockets < 1 || sockets > MOST_SOCKETS) {
    throw new Error(
      `LISTEN_FDS must be a number of sockets from 1 to ${MOST_SOCKETS}: ${JSON.stringify(count)} in the environment is not.`,
    );
  }
  return {
    sockets: Array.from({ length: sockets }, (_, index) => `fd://${FIRST_FD + index}`),
    warning: null,
  };
}
