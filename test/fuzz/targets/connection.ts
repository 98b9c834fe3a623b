// The connection machine over a whole stream of bytes, in each manner an application may answer: however the bytes are
// cut, the application sees the same requests and the client gets the same answers; each request has exactly one, and
// llhttp reads them as they were meant.

import assert from 'node:assert/strict';
import { responsesByLlhttp } from '../../support/llhttp.ts';
import { WORDS } from '../grammar.ts';
import { type Manner, OneConnection, type Reader } from '../one-connection.ts';
import { waysToCut } from '../pieces.ts';
import type { Target } from '../target.ts';
import { parserTarget } from './parser.ts';

interface Outcome {
  readonly seen: readonly string[];
  readonly received: string;
  readonly ending: string;
}

export const connectionTarget: Target = {
  name: 'connection',
  holds: 'every way of cutting leads to the same requests and answers, one answer to each request',
  words: WORDS,
  seeds: parserTarget.seeds,

  run(input) {
    const ways = waysToCut(input);
    const gathered = sameOutcome('gathered', ways);
    const streamed = sameOutcome('streamed', ways);
    assert.deepEqual(streamed.seen, gathered.seen, 'whole requests are the same either way');
    for (const pieces of ways) {
      const slow = play('gathered', pieces, 'slow');
      assert.deepEqual(slow, gathered, 'a client that reads slowly gets the same');
    }
    // An answer ahead of its body may overtake what is wrong with the body: only that nothing breaks is held.
    for (const pieces of ways) {
      play('hasty', pieces);
      play('hasty', pieces, 'slow');
    }
    const statuses = gathered.received.match(/HTTP\/1\.1 \d+/g) ?? [];
    return `${statuses.slice(0, 8).join(' ')} ${gathered.ending} ${streamed.ending}`;
  },
};

function sameOutcome(manner: Manner, ways: readonly Buffer[][]): Outcome {
  const [first, ...others] = ways.map((pieces) => play(manner, pieces));
  assert.ok(first !== undefined);
  for (const other of others)
    assert.deepEqual(other, first, `${manner}: another cut, another outcome`);
  return first;
}

function play(manner: Manner, pieces: readonly Buffer[], reader: Reader = 'quick'): Outcome {
  const one = new OneConnection(manner, undefined, reader);
  for (const piece of pieces) one.feed(piece);
  one.settle();
  // Whether the client's end is waited for depends on how much of what it sent behind had come by then.
  const ending = one.ending === 'finished' ? 'closed' : one.ending;
  const seen = [...one.seen];
  one.leave();
  checkAnswers(one, manner);
  return { seen, received: one.received.toString('latin1'), ending };
}

/** The answers, as a client reads them. */
function checkAnswers(one: OneConnection, manner: Manner): void {
  const { methods, refusals, seen } = one;
  const { messages, error } = responsesByLlhttp(one.received, (n) => methods[n] === 'HEAD');
  // What follows an answer to CONNECT is for llhttp a tunnel.
  if (methods.includes('CONNECT')) return;
  assert.equal(error, null, 'llhttp reads every answer');
  assert.ok(messages.length <= methods.length + refusals.length, 'one answer to a request');
  for (const [n, message] of messages.entries()) {
    // The head of a refused HEAD is the last thing on its connection, and llhttp was not told that it answers HEAD.
    const last = n === messages.length - 1 && refusals.length > 0;
    assert.ok(message.complete || last, 'every answer is whole');
  }
  if (manner === 'hasty') return;
  const bodies = messages
    .filter(({ status }) => status === 200)
    .map(({ body }) => body.toString('latin1'));
  const told = seen.map((text) => (text.startsWith('HEAD ') ? '' : text));
  assert.deepEqual(bodies, told, 'each answer is that of its request');
}
