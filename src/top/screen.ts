// The terminal: takes it over, draws pictures on it and tells of keys. Only what has changed since the last picture is sent, which over
// a slow line is some hundred bytes a second. Giving the terminal back is for whoever has started this process (keeper.ts).

import kit, { type ScreenBuffer, type Terminal } from 'terminal-kit';
import type { Line, Size, Style } from './picture.ts';

type Attributes = ScreenBuffer.Attributes;

/** Without colour what is bad is bold, and what is chosen inverse all the same. */
const PLAIN: Readonly<Record<Style, Attributes>> = {
  plain: {},
  bold: { bold: true },
  dim: {},
  inverse: { inverse: true },
  good: {},
  warn: { bold: true },
  bad: { bold: true },
};
const COLOURED: Readonly<Record<Style, Attributes>> = {
  ...PLAIN,
  dim: { dim: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
};

export interface ScreenListener {
  /** As the library calls it: "q", "UP", "CTRL_C". */
  key(name: string): void;
  /** The window is of another size, and empty. */
  resized(): void;
}

/** Terminals that say of themselves that they have no colours. */
const MONOCHROME = /^(vt\d|ansi-m|.*-m(ono)?$)/;

export function hasColour(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['NO_COLOR'] ?? '') === '' && !MONOCHROME.test(env['TERM'] ?? '');
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #styles: Readonly<Record<Style, Attributes>>;
  #buffer: ScreenBuffer;

  constructor(colours: boolean, listener: ScreenListener) {
    this.#styles = colours ? COLOURED : PLAIN;
    this.#terminal = kit.createTerminal({
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      generic: process.env['TERM'] ?? 'xterm',
      appId: '',
      appName: '',
      isTTY: true,
      isSSH: false,
      pid: process.pid,
      processSigwinch: false,
      preferProcessSigwinch: false,
    });
    this.#terminal.fullscreen(true);
    this.#terminal.hideCursor();
    this.#terminal.grabInput({});
    this.#buffer = this.#bufferOf();
    this.#terminal.on('key', (name: string) => listener.key(name));
    this.#terminal.on('resize', () => {
      this.#terminal.clear();
      this.#buffer = this.#bufferOf();
      listener.resized();
    });
  }

  get size(): Size {
    const { columns = 80, rows = 24 } = process.stdout;
    return { width: columns, height: rows };
  }

  draw(lines: readonly Line[]): void {
    const buffer = this.#buffer;
    buffer.fill({ char: ' ', attr: {} });
    for (const [y, line] of lines.entries()) {
      let x = 0;
      for (const { text, style } of line) {
        buffer.put({ x, y, attr: this.#styles[style], wrap: false, dx: 1, dy: 0 }, text);
        x += text.length;
      }
    }
    buffer.draw({ delta: true });
  }

  #bufferOf(): ScreenBuffer {
    return new kit.ScreenBuffer({ dst: this.#terminal, ...this.size });
  }
}
