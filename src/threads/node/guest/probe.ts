// Answers the drill's paths in the thread, before the application sees the request; every other path is the
// application's. Loaded only when a drill has started the server.

import { execSync } from 'node:child_process';
import { PIECE_BYTES } from '../../../wire/node-thread.ts';
import { type ProbeName, probePrefix } from '../../../wire/probe.ts';
import type { Begin, Exchange } from './exchange.ts';

const EXIT_CODE = 7;

/** Spawning is native code that waits for its child, and this child leaves when we are gone. */
const WHILE_WE_LIVE = `while kill -0 ${process.pid} 2>/dev/null; do sleep 0.2; done`;

/** `begin` for all paths but those of the token. */
export function aroundProbe(token: string, begin: Begin): Begin {
  const prefix = probePrefix(token);
  return (exchange) => {
    const { target } = exchange.facts;
    if (!target.startsWith(prefix)) {
      begin(exchange);
      return;
    }
    const [name = '', query = ''] = target.slice(prefix.length).split('?');
    const answer: ((exchange: Exchange, amount: number) => void) | undefined =
      ANSWERS[name as ProbeName];
    if (answer === undefined) exchange.whole('404 Not Found', '', true, '', null);
    else answer(exchange, Number(query));
  };
}

function ok(exchange: Exchange): void {
  exchange.whole('200 OK', '', true, '', null);
}

const ANSWERS: Readonly<Record<ProbeName, (exchange: Exchange, amount: number) => void>> = {
  ok,
  hang: () => {},
  spin: () => {
    for (;;);
  },
  native: () => {
    execSync(WHILE_WE_LIVE);
  },
  exit: () => process.exit(EXIT_CODE),
  read: (exchange) => readToEnd(exchange),
  big: (exchange, bytes) => {
    exchange.head('200 OK', `content-length: ${bytes}\r\n`, true);
    writeZeros(exchange, bytes);
  },
  work: (exchange, seconds) => {
    // Blocks the loop without using the processor: another thread may work meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
    ok(exchange);
  },
};

function readToEnd(exchange: Exchange): void {
  const { inlet } = exchange;
  if (inlet === null) {
    ok(exchange);
    return;
  }
  const look = (): void => {
    while (inlet.take() !== null);
    if (inlet.failed) exchange.fail(500, 'app-raised', 'The request body was cut off.');
    else if (inlet.done) ok(exchange);
    else return;
    inlet.onChange = null;
  };
  inlet.onChange = look;
  look();
}

/** Goes on whenever the thread has room, until the client has gone or all is written. */
function writeZeros(exchange: Exchange, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !exchange.gone) {
      const piece = Buffer.alloc(Math.min(left, PIECE_BYTES));
      left -= piece.length;
      if (!exchange.write(piece) && left > 0) return;
    }
    exchange.end('', null);
  };
  exchange.side = { gone: () => {}, drained: more };
  more();
}
