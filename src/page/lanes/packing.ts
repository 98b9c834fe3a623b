// Where marks lie in a lane. How much of its time a wait has behind it says how far along the lane its mark is; each mark has a place
// across the lane that follows from its name, or the nearest that is free, so that it goes straight on. When there are too many for
// marks of their own, each dot stands for several, and every tenth of the way has as many dots as its count asks for.
// Pure; in units of "along" and "across", so that lanes may stand or lie.

import { BINS, type Lane, type Mark } from '../../wire/live.ts';

/** A lane: from no time over to all of it, and how broad it is; pixels. */
export interface Room {
  readonly along: number;
  readonly across: number;
}

export interface Dot {
  readonly id: string;
  /** From where the lane begins. */
  readonly along: number;
  /** From the middle of the lane. */
  readonly across: number;
  /** 0 to 1: how much of its time is over. */
  readonly heat: number;
  /** 0 to 1 of a whole dot. */
  readonly weight: number;
}

/** Distances of dots from one another, the largest first that has room for all. */
const PITCHES: readonly number[] = [14, 11, 9, 7.5, 6, 5, 4];
const SMALLEST = 4;
const BIGGEST = 14;

/** A dot stands for so many connections. */
const PER_DOT: readonly number[] = [
  1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000,
];

const LEAST_WEIGHT = 0.3;

/** Of a pitch; a dot takes three quarters of it. */
const ASIDE = 0.24;

interface Grid {
  readonly pitch: number;
  readonly lines: number;
  readonly places: number;
}

function grid({ along, across }: Room, pitch: number): Grid {
  return {
    pitch,
    lines: Math.max(1, Math.floor(along / pitch)),
    places: Math.max(1, Math.floor(across / pitch)),
  };
}

/** The largest pitch at which no lane has more than two thirds of its places taken: so that a mark still lies where its time says. */
export function pitchFor(room: Room, most: number): number {
  const fits = PITCHES.find((pitch) => {
    const { lines, places } = grid(room, pitch);
    return most * 1.5 <= lines * places;
  });
  return fits ?? SMALLEST;
}

export function packMarks(marks: readonly Mark[], room: Room, pitch: number): Dot[] {
  const { lines, places } = grid(room, pitch);
  const taken = Array.from({ length: lines }, () => new Set<number>());
  // Those that are late have the first choice.
  const order = marks.toSorted(
    (one, other) => (other.used ?? 0) - (one.used ?? 0) || (one.id < other.id ? -1 : 1),
  );
  return order.map(({ id, used }) => {
    const heat = Math.min(Math.max(used ?? 0, 0), 1);
    const line = nearest(
      Math.round(heat * (lines - 1)),
      lines,
      (at) => (taken[at]?.size ?? places) < places,
    );
    const beside = taken[line];
    const hash = hashOf(id);
    const place = nearest(hash % places, places, (at) => beside?.has(at) === false);
    beside?.add(place);
    // A little aside, so that it is a crowd and no lattice, but never onto each other.
    const aside = (bits: number): number => ((bits & 0xff) / 0xff - 0.5) * ASIDE * pitch;
    return {
      id,
      along: (line + 0.5) * pitch + aside(hash >>> 8),
      across: (place - (places - 1) / 2) * pitch + aside(hash >>> 16),
      heat,
      weight: 1,
    };
  });
}

/** Of 0 to count - 1 the nearest that is free; when none is, the wanted one. */
function nearest(wanted: number, count: number, isFree: (at: number) => boolean): number {
  for (let away = 0; away < count; away++) {
    for (const at of [wanted - away, wanted + away]) {
      if (at >= 0 && at < count && isFree(at)) return at;
    }
  }
  return wanted;
}

/** FNV-1a: the same place for the same connection in each message, so that a mark goes straight on. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  // The low bits of short names that differ in their last letter alone are alike.
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** 0, 1, -1, 2, -2 ... */
function fromMiddle(place: number): number {
  return place % 2 === 1 ? (place + 1) / 2 : -place / 2;
}

export interface Scale {
  readonly pitch: number;
  /** Connections that a dot stands for. */
  readonly perDot: number;
}

/** So few that the fullest bin of all lanes has room, and dots as large as that allows. */
export function scaleFor(lanes: readonly Lane[], room: Room): Scale {
  const fullest = Math.max(1, ...lanes.flatMap(({ bins }) => bins));
  const space = { along: room.along / BINS, across: room.across };
  for (const perDot of PER_DOT) {
    // Dots that are too small say nothing: rather more connections for each.
    for (const pitch of PITCHES.filter((one) => one >= 5)) {
      const { lines, places } = grid(space, pitch);
      if (Math.ceil(fullest / perDot) <= lines * places) return { pitch, perDot };
    }
  }
  return { pitch: SMALLEST, perDot: fullest };
}

export function packBins(lane: Lane, room: Room, { pitch, perDot }: Scale): Dot[] {
  const step = room.along / BINS;
  const { lines, places } = grid({ along: step, across: room.across }, pitch);
  return lane.bins.flatMap((count, bin) => {
    const dots = Math.ceil(count / perDot);
    // Evenly over the lines of the bin, so that a bin looks as full as it is.
    const used = Math.min(lines, Math.ceil(dots / places));
    return Array.from({ length: dots }, (_, at) => {
      const line = at % used;
      const place = Math.floor(at / used);
      return {
        // One place, one name: dots come and go, and do not wander about in their bin.
        id: `${lane.state} ${bin} ${used} ${line} ${place}`,
        along: (bin + 0.5) * step + (line - (used - 1) / 2) * pitch,
        across: fromMiddle(place) * pitch,
        heat: (bin + 0.5) / BINS,
        // The last one of a bin is smaller, but not too small to be seen.
        weight: Math.max(LEAST_WEIGHT, Math.min(1, count / perDot - at)),
      };
    });
  });
}

/** Beside a pitch of its own a mark keeps some air. */
export function radiusFor(pitch: number): number {
  return Math.min(pitch, BIGGEST) * 0.38;
}
