// What a drill says at its end, and that it calls itself held only when every row was.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Measured } from '../../../src/drill/meter.ts';
import { closing, type Played } from '../../../src/drill/report.ts';
import { type Pace, slower } from '../../../src/drill/rows/row.ts';
import { slowHeads } from '../../../src/drill/rows/slow-clients.ts';
import { sleeping } from '../../../src/drill/rows/stuck-threads.ts';

function measured(perSecond: number, clientsServed = 16): Measured {
  const none = { p50Ms: null, p99Ms: null, slowestMs: null, silenceMs: 0 };
  const outcomes = new Map<string, number>();
  return {
    ...none,
    seconds: 1,
    answers: perSecond,
    perSecond,
    outcomes,
    clients: 16,
    clientsServed,
  };
}

function played(during: Measured, after = measured(100)): Played['played'] {
  return { before: measured(100), during, after, attackers: new Map(), notWaited: false };
}

const held: Played = { row: slowHeads, played: played(measured(99)), undecided: false, faults: [] };
const lost: Played = { ...held, row: sleeping, faults: ['nobody was served'] };
const open: Played = { ...held, row: sleeping, undecided: true };

describe('the end of a drill', () => {
  it('is held when every row was', () => {
    assert.deepEqual(closing([held], []), { text: '\n1 of 1 rows held.\n', held: true });
  });

  it('is not held when one was not, or was not decided', () => {
    const notHeld = closing([held, lost], []);
    assert.deepEqual([notHeld.held, /Not held: 6\./.test(notHeld.text)], [false, true]);
    const notDecided = closing([held, open], []);
    assert.deepEqual(
      [notDecided.held, /Not decided, .*: 6\./.test(notDecided.text)],
      [false, true],
    );
  });

  it('names what is too lax whether or not it cost anything', () => {
    const { text, held: isHeld } = closing([held], [{ setting: 'timeout', text: 'timeout 0' }]);
    assert.ok(isHeld);
    assert.match(text, /Too lax:\n- timeout 0\n$/);
  });
});

describe('the rates of a row', () => {
  const pace = { enough: 0.9, enoughAfter: 0.7 } as Pace;

  it('are judged against the rates before and after it, of which the machine has its share', () => {
    assert.deepEqual(slower(played(measured(90)), pace, 'during'), []);
    assert.equal(slower(played(measured(89)), pace, 'during').length, 1);
    assert.deepEqual(slower(played(measured(80), measured(75)), pace, 'during'), []);
  });

  it('are those before it where the server was not well again', () => {
    assert.equal(slower(played(measured(50), measured(0)), pace, 'during').length, 1);
    assert.equal(slower(played(measured(99), measured(69)), pace, 'after').length, 1);
    assert.deepEqual(slower(played(measured(99), measured(70)), pace, 'after'), []);
  });

  it('say who got nothing', () => {
    assert.match(slower(played(measured(99, 15)), pace, 'during').join(), /^1 of 16 got nothing/);
  });
});
