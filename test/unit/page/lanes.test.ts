// The picture of the lanes, without a browser: which there are, where marks and dots lie, and how they move.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { shownLanes } from '../../../src/page/lanes/lanes.ts';
import { Motion, type Place } from '../../../src/page/lanes/motion.ts';
import {
  packBins,
  packMarks,
  pitchFor,
  radiusFor,
  scaleFor,
} from '../../../src/page/lanes/packing.ts';
import { BINS, type Lane, MARKS_MAX } from '../../../src/wire/live.ts';

/** Of a lane in a window of 1280 pixels. */
const ROOM = { along: 160, across: 130 };

const lane = (state: string, bins: readonly number[]): Lane => ({
  state,
  bins,
  count: bins.reduce((all, one) => all + one, 0),
});

test('the states of everybody’s way are always lanes, others while somebody is in them, in the order of the way', () => {
  const states = (lanes: readonly Lane[]): string[] => shownLanes(lanes).map(({ state }) => state);
  const usual = 'handshake new head body queued running writing keep-alive'.split(' ');
  assert.deepEqual(states([]), usual);
  const more = states([lane('upgraded', [1]), lane('proxy', [2]), lane('of tomorrow', [1])]);
  assert.deepEqual(more, ['proxy', ...usual.slice(0, 7), 'upgraded', 'keep-alive', 'of tomorrow']);
  const [queued] = shownLanes([lane('queued', [1, 0, 0, 0, 0, 0, 0, 0, 2, 3])]).slice(4);
  assert.deepEqual([queued?.count, queued?.late], [6, 5]);
});

const marks = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 6 }),
    used: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
  }),
  { maxLength: MARKS_MAX, selector: ({ id }) => id },
);

test('every mark has a place of its own inside its lane, and nobody lies on somebody else', () => {
  fc.assert(
    fc.property(marks, (some) => {
      const pitch = pitchFor(ROOM, some.length);
      const dots = packMarks(
        some.map((mark) => ({ ...mark, state: 'queued' })),
        ROOM,
        pitch,
      );
      assert.equal(dots.length, some.length);
      for (const [index, dot] of dots.entries()) {
        assert.ok(dot.along >= 0 && dot.along <= ROOM.along, `along ${dot.along}`);
        assert.ok(Math.abs(dot.across) <= ROOM.across / 2, `across ${dot.across}`);
        for (const other of dots.slice(index + 1)) {
          const apart = Math.hypot(dot.along - other.along, dot.across - other.across);
          assert.ok(apart >= 2 * radiusFor(pitch) - 0.01, `${apart} apart at a pitch of ${pitch}`);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('a mark moves along its lane as its time goes by, and keeps its place across', () => {
  const at = (used: number) => packMarks([{ id: 'a', state: 'queued', used }], ROOM, 14)[0];
  const [early, late] = [at(0.1), at(0.9)];
  assert.ok(early && late && early.along + 100 < late.along);
  assert.equal(early.across, late.across);
});

test('beyond marks of their own each dot is several connections, and no bin has more dots than room', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { minLength: BINS, maxLength: BINS }), (bins) => {
      const full = lane('keep-alive', bins);
      const scale = scaleFor([full], ROOM);
      const dots = packBins(full, ROOM, scale);
      for (let bin = 0; bin < BINS; bin++) {
        const here = dots.filter(({ heat }) => Math.floor(heat * BINS) === bin);
        assert.equal(here.length, Math.ceil((bins[bin] ?? 0) / scale.perDot));
      }
      assert.equal(new Set(dots.map(({ id }) => id)).size, dots.length);
      assert.ok(dots.every(({ across }) => Math.abs(across) <= ROOM.across / 2));
    }),
  );
});

const place = (id: string, has: Partial<Place> = {}): Place => ({
  id,
  lane: 'queued',
  x: 0,
  y: 0,
  heat: 0,
  radius: 5,
  ...has,
});

test('marks grow, move evenly in their lane, change lanes with the heat of the new one, and shrink when they go', () => {
  const motion = new Motion(1000);
  motion.aim([place('a')], 0, false);
  assert.equal(motion.at(0)[0]?.radius, 0);
  assert.equal(motion.at(300)[0]?.radius, 5);
  motion.aim([place('a', { y: 100, heat: 1 })], 1000, false);
  assert.equal(motion.at(1500)[0]?.y, 50);
  motion.aim([place('a', { x: 200, lane: 'running', heat: 0 })], 2000, false);
  assert.deepEqual(
    [motion.at(2100)[0]?.heat, motion.at(2300)[0]?.x, motion.endsMs],
    [0, 100, 2600],
  );
  motion.aim([], 3000, false);
  assert.equal(motion.at(3100).length, 1);
  assert.equal(motion.at(3250).length, 0);
});

test('marks that have gone are forgotten also while nobody looks', () => {
  const motion = new Motion(1000);
  motion.aim([place('a')], 0, false);
  motion.aim([], 1000, false);
  motion.aim([], 2000, false);
  assert.equal(motion.at(1100).length, 0);
});

test('without motion everything is where it belongs at once', () => {
  const motion = new Motion(1000);
  motion.aim([place('a'), place('b')], 0, true);
  motion.aim([place('a', { y: 100 })], 1000, true);
  assert.deepEqual(motion.at(1000), [place('a', { y: 100 })]);
  assert.ok(motion.endsMs <= 1000);
});
