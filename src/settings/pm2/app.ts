// One app of PM2's file, as far as it is understood: values by the names that we know them by, and where each was written.

import { sourceOf, wrongFile } from '../config-values.ts';
import { lineOfKey } from '../key-line.ts';
import type { SettingError } from '../setting-error.ts';
import { labelOf, type Source } from '../source.ts';
import type { Pm2KeyName } from './keys.ts';
import type { Pm2Value } from './values.ts';

/** The values of one app as they are meant, each with the name that the file has for it. */
export class Pm2App {
  readonly values = new Map<Pm2KeyName, Pm2Value>();
  readonly #written = new Map<Pm2KeyName, string>();
  readonly #file: string;
  readonly #text: string;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  set(key: Pm2KeyName, written: string, value: Pm2Value): void {
    this.values.set(key, value);
    this.#written.set(key, written);
  }

  sourceOf(key: Pm2KeyName): Source {
    return sourceOf(this.#file, lineOfKey(this.#text, this.#written.get(key) ?? key));
  }

  /** The program cannot be served with this. */
  refused(key: Pm2KeyName, problem: string, suggestion: string): SettingError {
    const source = this.sourceOf(key);
    const written = this.#written.get(key) ?? key;
    return wrongFile(written, source, `${labelOf(source)}: ${problem}`, suggestion);
  }
}
