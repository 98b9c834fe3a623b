// Draws the lanes: a track for each, and its marks on their way. It draws only while something moves, at most once for each picture of
// the screen, and batches marks by colour, so that a thousand of them cost less than a millisecond.

import { FRAME_MS, type Frame } from '../../wire/live.ts';
import { heatStep, inks, onInks } from '../inks.ts';
import type { Shown } from './lanes.ts';
import { Motion, type Place } from './motion.ts';
import {
  type Dot,
  packBins,
  packMarks,
  pitchFor,
  type Room,
  radiusFor,
  scaleFor,
} from './packing.ts';

/** As the style sheet has it between the heads of lanes. */
export const GAP = 6;
/** Marks keep this far from the edge of their lane. */
const PAD = 7;
/** From here on a mark has a ring as well: colour alone says nothing to many. */
const RINGED = 0.8;
/** From here on a lane with somebody who is late has a glow. */
const LATE = 0.7;

export class LaneCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #motion = new Motion(FRAME_MS);
  readonly #watching: ResizeObserver;
  readonly #stopInks: () => void;
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #lanes: readonly Shown[] = [];
  #frame: Frame | null = null;
  #isLying: boolean;
  #asked = 0;
  readonly #scaled: (perDot: number) => void;

  /** @param scaled how many connections a dot stands for, whenever that is something else */
  constructor(canvas: HTMLCanvasElement, isLying: boolean, scaled: (perDot: number) => void) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser has no canvas');
    this.#canvas = canvas;
    this.#context = context;
    this.#isLying = isLying;
    this.#scaled = scaled;
    this.#watching = new ResizeObserver(() => this.#resize());
    this.#watching.observe(canvas);
    this.#stopInks = onInks(() => this.#draw());
  }

  /** @param isLying lanes lie below one another, for narrow screens */
  show(lanes: readonly Shown[], frame: Frame | null, isLying: boolean): void {
    this.#lanes = lanes;
    this.#frame = frame;
    this.#isLying = isLying;
    // A page that is not seen draws nothing and has no time that goes on.
    this.#aim(this.#still.matches || document.hidden);
  }

  end(): void {
    this.#watching.disconnect();
    this.#stopInks();
    cancelAnimationFrame(this.#asked);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.#aim(true);
    this.#draw();
  }

  #aim(isStill: boolean): void {
    if (this.#canvas.clientWidth === 0) return;
    this.#motion.aim(this.#places(), document.timeline.currentTime as number, isStill);
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame((nowMs) => this.#step(nowMs));
  }

  #step(nowMs: number): void {
    this.#draw(nowMs);
    if (nowMs < this.#motion.endsMs) {
      this.#asked = requestAnimationFrame((later) => this.#step(later));
    }
  }

  /** The breadth of a lane, and from where one begins to where the next one does. */
  #breadth(): { readonly across: number; readonly step: number } {
    const { clientWidth, clientHeight } = this.#canvas;
    const all = this.#isLying ? clientHeight : clientWidth;
    const across = (all - GAP * (this.#lanes.length - 1)) / Math.max(1, this.#lanes.length);
    return { across, step: across + GAP };
  }

  #places(): Place[] {
    const { clientWidth, clientHeight } = this.#canvas;
    const { across, step } = this.#breadth();
    const room: Room = {
      along: (this.#isLying ? clientWidth : clientHeight) - 2 * PAD,
      across: across - 2 * PAD,
    };
    const { dots, pitch } = this.#dots(room);
    const radius = radiusFor(pitch);
    return this.#lanes.flatMap(({ state }, index) => {
      const middle = index * step + across / 2;
      return (dots.get(state) ?? []).map((dot) => {
        const along = PAD + dot.along;
        const beside = middle + dot.across;
        const [x, y] = this.#isLying ? [along, beside] : [beside, along];
        return {
          id: dot.id,
          lane: state,
          x,
          y,
          heat: dot.heat,
          radius: radius * dot.weight ** 0.5,
        };
      });
    });
  }

  #dots(room: Room): { readonly dots: Map<string, Dot[]>; readonly pitch: number } {
    const marks = this.#frame?.marks ?? null;
    if (marks !== null) {
      const of = Map.groupBy(marks, ({ state }) => state);
      const most = Math.max(0, ...[...of.values()].map((some) => some.length));
      const pitch = pitchFor(room, most);
      this.#scaled(1);
      const dots = [...of].map(([state, some]) => [state, packMarks(some, room, pitch)] as const);
      return { dots: new Map(dots), pitch };
    }
    const scale = scaleFor(this.#lanes, room);
    this.#scaled(scale.perDot);
    const dots = this.#lanes.map((lane) => [lane.state, packBins(lane, room, scale)] as const);
    return { dots: new Map(dots), pitch: scale.pitch };
  }

  #draw(nowMs = document.timeline.currentTime as number): void {
    const context = this.#context;
    const { clientWidth, clientHeight } = this.#canvas;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    this.#drawTracks();
    const { heat: reddening, fading } = inks();
    const idle = new Set(this.#lanes.filter(({ isIdle }) => isIdle).map(({ state }) => state));
    const byColour = Map.groupBy(
      this.#motion.at(nowMs),
      ({ heat, lane }) => (idle.has(lane) ? fading : reddening).at(heatStep(heat)) ?? '',
    );
    for (const [colour, places] of byColour) {
      context.fillStyle = colour;
      context.beginPath();
      for (const { x, y, radius } of places) {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fill();
      this.#drawRings(places.filter(({ heat, lane }) => heat >= RINGED && !idle.has(lane)));
    }
  }

  #drawRings(places: readonly Place[]): void {
    const context = this.#context;
    context.strokeStyle = inks().hot;
    context.lineWidth = 1;
    context.beginPath();
    for (const { x, y, radius } of places) {
      if (radius < 2.5) continue;
      const around = radius + 1.8;
      context.moveTo(x + around, y);
      context.arc(x, y, around, 0, 2 * Math.PI);
    }
    context.stroke();
  }

  #drawTracks(): void {
    const context = this.#context;
    const { clientWidth, clientHeight } = this.#canvas;
    const { across, step } = this.#breadth();
    this.#lanes.forEach(({ isIdle, late }, index) => {
      const begin = index * step;
      const lies = this.#isLying;
      const [x, y, width, height] = lies
        ? [0, begin, clientWidth, across]
        : [begin, 0, across, clientHeight];
      context.fillStyle = inks().track;
      context.beginPath();
      context.roundRect(x, y, width, height, 6);
      context.fill();
      if (isIdle) return;
      if (late > 0) {
        const glow = lies
          ? context.createLinearGradient(width * LATE, 0, width, 0)
          : context.createLinearGradient(0, height * LATE, 0, height);
        glow.addColorStop(0, inks().glow[0]);
        glow.addColorStop(1, inks().glow[1]);
        context.save();
        context.clip();
        context.fillStyle = glow;
        if (lies) context.fillRect(width * LATE, y, width, height);
        else context.fillRect(x, height * LATE, width, height);
        context.restore();
      }
      // The deadline.
      context.fillStyle = inks().end;
      if (lies) context.fillRect(width - 1.5, y + 6, 1.5, height - 12);
      else context.fillRect(x + 6, height - 1.5, width - 12, 1.5);
    });
  }
}
