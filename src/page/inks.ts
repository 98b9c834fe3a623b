// The colours of the style sheet for what is drawn on canvases, and dark or light: as the system has it, or as whoever looks has chosen.
// A colour is asked of the browser, so that the style sheet is the one place that has them.

import { keep, kept } from './kept.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'tunicorn-theme';

/** How finely marks redden. */
const STEPS = 16;
/** Until so much of its time is over nothing about a wait is remarkable. */
const CALM = 0.4;

export interface Inks {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly track: string;
  readonly accent: string;
  readonly fill: string;
  readonly hot: string;
  /** By how much of its time is over: STEPS colours. */
  readonly heat: readonly string[];
  /** The same for what harms nobody when its time is over. */
  readonly fading: readonly string[];
  /** Of a deadline. */
  readonly end: string;
  /** Over the end of a lane: from nothing to this. */
  readonly glow: readonly [string, string];
}

let present: Inks | null = null;
const listeners = new Set<() => void>();

export function inks(): Inks {
  present ??= read();
  return present;
}

export function heatStep(heat: number): number {
  return Math.min(STEPS - 1, Math.floor(heat * STEPS));
}

/** @returns what ends it */
export function onInks(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

export function theme(): Theme {
  const chosen = kept('for good', KEY);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function setTheme(wanted: Theme): void {
  keep('for good', KEY, wanted);
  applyTheme();
}

export function applyTheme(): void {
  const wanted = theme();
  document.documentElement.style.colorScheme = wanted === 'system' ? '' : wanted;
  forget();
}

export function watchSystem(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', forget);
}

function forget(): void {
  present = null;
  for (const changed of listeners) changed();
}

function read(): Inks {
  const probe = document.createElement('i');
  document.body.append(probe);
  const ask = (colour: string): string => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const towards = (colour: string): string[] =>
    Array.from({ length: STEPS }, (_, step) => {
      const over = Math.max(0, ((step + 0.5) / STEPS - CALM) / (1 - CALM));
      return ask(`color-mix(in oklch, var(--accent), ${colour} ${Math.round(over * 100)}%)`);
    });
  const glow = (gone: number): string => `color-mix(in oklch, var(--hot), transparent ${gone}%)`;
  const found = {
    ink: ask('var(--ink)'),
    soft: ask('var(--soft)'),
    line: ask('var(--line)'),
    track: ask('var(--track)'),
    accent: ask('var(--accent)'),
    fill: ask('color-mix(in oklch, var(--accent), transparent 84%)'),
    hot: ask('var(--hot)'),
    heat: towards('var(--hot)'),
    fading: towards('var(--faded)'),
    end: ask('color-mix(in oklch, var(--hot), transparent 55%)'),
    // Not 100: of nothing at all a browser forgets the colour.
    glow: [ask(glow(99)), ask(glow(84))] as const,
  };
  probe.remove();
  return found;
}
