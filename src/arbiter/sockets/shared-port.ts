// Binds a TCP address that other servers may listen on, too (`reuse_port`, SO_REUSEPORT). Node.js 20 cannot set that option
// before it binds, so a small Python process binds and hands the socket over by Node.js's own channel between processes; it
// has ended when this returns.

import { type ChildProcess, spawn } from 'node:child_process';

/** Python starts in 20 ms; a machine that takes this long serves nobody. */
const DEADLINE_MS = 15_000;

/** The options are those that libuv sets when it binds, and one more: an IPv6 socket takes IPv4, too, unless it shall not. */
const HELPER = `
import errno, json, os, socket, sys
host, port, family, alone = sys.argv[1], *map(int, sys.argv[2:])
channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
channel.setblocking(True)
def say(message):
    channel.sendall(json.dumps(message).encode() + b"\\n")
try:
    bound = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == 6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
    bound.bind((host, port))
    line = json.dumps({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": "bound"}).encode() + b"\\n"
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, bound.fileno().to_bytes(4, sys.byteorder))
    channel.sendmsg([line], [rights])
    channel.recv(1000)
except OSError as error:
    say(errno.errorcode.get(error.errno, str(error)))
`;

export type SharedPort =
  | { readonly handle: unknown }
  /** The system's name for what is wrong, EADDRINUSE and so on. */
  | { readonly code: string };

/**
 * Resolves to Node.js's own handle of the bound socket, or to why there is none.
 * @param python the interpreter that binds
 * @throws Error with a sentence for people when that cannot be started
 */
export function bindSharedPort(
  {
    host,
    port,
    family,
    ipv6Only = false,
  }: { host: string; port: number; family: number; ipv6Only?: boolean },
  python: string,
): Promise<SharedPort> {
  const args = ['-I', '-S', '-c', HELPER, host, String(port), String(family), ipv6Only ? '1' : '0'];
  const helper = spawn(python, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return answerOf(helper, (why) => {
    return new Error(
      `Cannot listen on a shared port (reuse_port): a Python has to bind it, and ${python} ${why}. Name another with --python, or leave --reuse-port out.`,
    );
  });
}

function answerOf(helper: ChildProcess, failed: (why: string) => Error): Promise<SharedPort> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => helper.kill('SIGKILL'), DEADLINE_MS);
    let answer: SharedPort | null = null;
    helper.on('message', (message, handle: unknown) => {
      answer = message === 'bound' && handle ? { handle } : { code: String(message) };
    });
    helper.on('error', (error) => {
      clearTimeout(deadline);
      reject(failed(`could not be started: ${error.message}`));
    });
    // Its end, and every message has been read.
    helper.on('disconnect', () => {
      clearTimeout(deadline);
      if (answer === null) reject(failed('ended without an answer'));
      else resolve(answer);
    });
  });
}
