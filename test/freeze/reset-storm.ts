// Connections that are opened and reset at a random point of their life: before a word, within a head, within a body (small,
// or so large that it is in a file), queued, while the application runs, within the answer, with a pipeline, kept alive.

import { connect, type Socket } from 'node:net';

/** Open at once: more than there are threads, so that some are queued. */
const AT_ONCE = 60;
/** The longest life: a large answer is in a file by then. Half of them live for a quarter of it at most. */
const LIFE_MS = 400;
const HOST = 'Host: localhost\r\n';
const WHOLE = `GET / HTTP/1.1\r\n${HOST}\r\n`;

/** What each says, by the point of its life that it is meant to reach; `big` and `pause` are paths of freezes. */
const OPENINGS: readonly (() => string)[] = [
  () => '',
  () => 'GET / HT',
  () => `GET / HTTP/1.1\r\n${HOST}X-Long: ${'x'.repeat(200)}`,
  () => WHOLE,
  () => WHOLE + WHOLE + WHOLE,
  () => `POST / HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\nten bytes.`,
  () => `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  () => `POST / HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n${'x'.repeat(300_000)}`,
  () => `GET /pause?0.02 HTTP/1.1\r\n${HOST}\r\n`,
  () => `GET /pause?0.02 HTTP/1.1\r\n${HOST}\r\n${WHOLE}`,
  () => `GET /big HTTP/1.1\r\n${HOST}\r\n`,
  () => `G{T / HTTP/1.1\r\n${HOST}\r\n`,
];

/** Resolves when `total` connections have come and gone. None is left open. */
export function resetStorm(port: number, total: number): Promise<void> {
  return new Promise((resolve) => {
    let left = total;
    let open = 0;
    const next = (): void => {
      if (left === 0) {
        if (open === 0) resolve();
        return;
      }
      left -= 1;
      open += 1;
      live(port, () => {
        open -= 1;
        setImmediate(next);
      });
    };
    for (let index = 0; index < Math.min(AT_ONCE, total); index++) next();
  });
}

function live(port: number, over: () => void): void {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const opening = OPENINGS[Math.floor(Math.random() * OPENINGS.length)] ?? (() => '');
  const dies = setTimeout(() => end(socket), Math.random() ** 2 * LIFE_MS);
  socket.on('connect', () => socket.write(opening(), 'latin1'));
  const manner = Math.random();
  // One in four leaves at the first byte of its answer, one in four reads nothing, one in eight says that it has said all.
  if (manner < 0.25) socket.once('data', () => end(socket));
  else if (manner < 0.75) socket.resume();
  if (manner > 0.875) socket.on('connect', () => socket.end());
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(dies);
    over();
  });
}

function end(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}
