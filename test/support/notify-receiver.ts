// Receives what a service says to systemd (sd_notify(3)), in Python: a line for each datagram. Closes the descriptor of a barrier
// when everything before it is read, as systemd does.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Program } from './program.ts';

const RECEIVER = `
import array, os, socket, sys
path = sys.argv[1]
inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
inbox.bind("\\0" + path[1:] if path.startswith("@") else path)
print("bound", flush=True)
while True:
    text, extra, _, _ = inbox.recvmsg(100000, 1000)
    for _, _, data in extra:
        for descriptor in array.array("i", data):
            os.close(descriptor)
    print(repr(text)[2:-1], flush=True)
`;

export class NotifyReceiver extends Program {
  /** For NOTIFY_SOCKET. */
  readonly path: string;

  constructor(t: TestContext, path: string) {
    super(t, { command: '/usr/bin/python3', args: ['-c', RECEIVER, path] });
    this.path = path;
  }

  /** The datagrams so far, backslashes for line ends. */
  messages(): string[] {
    return this.log().split('\n').slice(1, -1);
  }

  /** How many of them are this and nothing more. */
  count(message: string): number {
    return this.messages().filter((each) => each === message).length;
  }
}

/** Resolves when it can be sent to. @param name of an abstract socket; without, one in a folder of its own */
export async function receiveNotices(t: TestContext, name?: string): Promise<NotifyReceiver> {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-notify-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const receiver = new NotifyReceiver(t, name === undefined ? join(folder, 'notify') : `@${name}`);
  await receiver.line(/bound/);
  return receiver;
}
