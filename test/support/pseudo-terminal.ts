// A command in a pseudo-terminal (pseudo-terminal.py), and what somebody in front of it sees: a screen that knows as much of a terminal
// as is needed to read what was drawn piece by piece. The test's end ends it.

import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';

const HELPER = fileURLToPath(new URL('../../../test/support/pseudo-terminal.py', import.meta.url));

const ESC = '\x1b';
/** A sequence with its parameters and its last letter, or text. */
const PIECES = new RegExp(`${ESC}\\[([?\\d;]*)([A-Za-z])|([^${ESC}]+)`, 'g');

/** The modes of the line of a terminal, before and after. */
export interface Modes {
  readonly before: unknown;
  readonly after: unknown;
}

type Facts = { pid?: number; code?: number } & Partial<Modes>;

export class PseudoTerminal {
  /** What was told, put together. */
  #facts: Facts = {};
  /** Everything that was drawn. */
  drawn = '';
  readonly #rows: number;
  readonly #type: (keys: string) => void;
  readonly #hangUp: () => void;
  readonly #closed: Promise<void>;

  constructor(
    t: TestContext,
    command: readonly string[],
    options: { rows: number; columns: number; python: string; env: NodeJS.ProcessEnv },
  ) {
    this.#rows = options.rows;
    const size = [String(options.rows), String(options.columns)];
    const child = spawn(options.python, [HELPER, ...size, ...command], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: options.env,
      timeout: 90_000,
    });
    child.stdout?.setEncoding('latin1').on('data', (piece: string) => {
      this.drawn += piece;
    });
    this.#type = (keys) => child.stdin?.write(keys);
    let told = '';
    child.stdio[3]?.on('data', (piece) => {
      told += String(piece);
      const whole = told.split('\n').slice(0, -1);
      for (const line of whole) this.#facts = { ...this.#facts, ...(JSON.parse(line) as Facts) };
    });
    this.#closed = new Promise((resolve) => child.on('close', () => resolve()));
    this.#hangUp = () => child.stdin?.end();
    t.after(() => {
      if (child.exitCode === null) child.kill('SIGKILL');
    });
  }

  /** Of the command; 0: it has not begun. */
  get pid(): number {
    return this.#facts.pid ?? 0;
  }

  /** Of the command; negative: the signal that ended it. Resolves when it has ended. */
  async code(): Promise<number> {
    await eventually(async () => this.#facts.code !== undefined);
    return this.#facts.code ?? 0;
  }

  /** Nothing more is typed. Resolves with the modes of the terminal. */
  async modes(): Promise<Modes> {
    this.#hangUp();
    await this.#closed;
    const { before, after } = this.#facts;
    if (before === undefined) throw new Error('no modes were told');
    return { before, after };
  }

  type(keys: string): void {
    this.#type(keys);
  }

  /** As it looks now: lines without what is empty behind them. */
  screen(): string {
    const lines = Array.from({ length: this.#rows }, () => '');
    let [row, column] = [0, 0];
    for (const [, parameters = '', final, text] of this.drawn.matchAll(PIECES)) {
      if (final === 'H' || final === 'f') {
        const [line = '1', place = '1'] = parameters.split(';');
        [row, column] = [Number(line || 1) - 1, Number(place || 1) - 1];
      } else if (final === 'J') lines.fill('');
      for (const character of text ?? '') {
        if (character === '\n') row += 1;
        else if (character === '\r') column = 0;
        else {
          const line = (lines[row] ?? '').padEnd(column);
          lines[row] = line.slice(0, column) + character + line.slice(column + 1);
          column += 1;
        }
      }
    }
    return lines.map((line) => line.trimEnd()).join('\n');
  }

  /** The first screen is shown and not the second, with a cursor. */
  get isGivenBack(): boolean {
    const last = (on: string, off: string): boolean =>
      this.drawn.lastIndexOf(off) > this.drawn.lastIndexOf(on);
    return last('\x1b[?1049h', '\x1b[?1049l') && last('\x1b[?25l', '\x1b[?25h');
  }
}
