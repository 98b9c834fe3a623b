// A small stand-in for systemd's side of socket activation, in Python: holds a TCP and a unix socket, starts the server with them
// as descriptors 3 and 4, and starts it again whenever it has ended. What systemd does between is not its business.

import type { TestContext } from 'node:test';
import { Program } from './program.ts';
import { commandPath } from './server.ts';

const HOLDER = `
import fcntl, os, socket, sys
how, path, command = sys.argv[1], sys.argv[2], sys.argv[3:]
tcp = socket.socket()
tcp.bind(("127.0.0.1", 0))
tcp.listen(64)
unix = socket.socket(socket.AF_UNIX)
unix.bind(path)
unix.listen(64)
print("holds port %d" % tcp.getsockname()[1], flush=True)
while True:
    pid = os.fork()
    if pid == 0:
        high = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in (tcp, unix)]
        for number, each in enumerate(high):
            os.dup2(each, 3 + number)
            os.close(each)
        if how == "activates":
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="web:web")
        os.execv(command[0], command)
    print("started %d" % pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print("ended %d" % os.waitstatus_to_exitcode(status), flush=True)
`;

export interface HeldSockets {
  /** Its output holds that of the servers. */
  readonly program: Program;
  readonly port: number;
  /** The server that was started last. */
  serverPid(): number;
}

/**
 * Resolves when the first worker is ready.
 * @param how "activates" with the variables of systemd; "passes" the descriptors alone
 */
export async function holdSockets(
  t: TestContext,
  how: 'activates' | 'passes',
  socketPath: string,
  { args, cwd }: { readonly args: readonly string[]; readonly cwd: string },
): Promise<HeldSockets> {
  const command = [process.execPath, commandPath, ...args];
  const program = new Program(t, {
    command: '/usr/bin/python3',
    args: ['-c', HOLDER, how, socketPath, ...command],
    cwd,
  });
  const [, port] = await program.line(/holds port (\d+)/);
  await program.line(/Worker ready/);
  return {
    program,
    port: Number(port),
    serverPid: () => Number([...program.log().matchAll(/started (\d+)/g)].at(-1)?.[1]),
  };
}
