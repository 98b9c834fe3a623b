// Compiles an access-log format, once, into a function that makes a line of a record. The language is Gunicorn's, that
// is Python's % with names; a mistake is told at the start, not in every line.

import { type Atom, atomNamed, isAtom, numberAtoms, phaseAtoms } from './access-atoms.ts';
import type { AccessRecord } from './access-record.ts';

/** Gunicorn's default for `access_log_format`. */
export const defaultAccessFormat = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';

export class AccessFormatError extends Error {
  override readonly name = 'AccessFormatError';
  readonly code = 'access-format';
}

/** Makes one line without its line end. `time` is the bracketed local time. */
export type LineMaker = (record: AccessRecord, time: string) => string;

/** `%%`, or % name flags width .precision conversion; or a % that begins neither. */
const directive = /%%|%\(([^()]*)\)([-+ #0]*)(\d*)(?:\.(\d+))?([A-Za-z])|%/g;

/**
 * Compiles `format`.
 * @throws AccessFormatError naming the place and what would be right.
 */
export function compileAccessFormat(format: string): LineMaker {
  // Text and atoms take turns: text, atom, text, ..., text.
  const texts: string[] = [''];
  const atoms: Atom[] = [];
  let from = 0;
  for (const found of format.matchAll(directive)) {
    texts[texts.length - 1] += format.slice(from, found.index);
    from = found.index + found[0].length;
    if (found[0] === '%%') {
      texts[texts.length - 1] += '%';
    } else {
      atoms.push(atomOf(found, format));
      texts.push('');
    }
  }
  texts[texts.length - 1] += format.slice(from);
  return joining(texts, atoms);
}

/** Whether a line of this format tells how long the phases of a request took. */
export function asksForPhases(format: string): boolean {
  return [...format.matchAll(directive)].some(([, name]) => phaseAtoms.has(name ?? ''));
}

/** Names in it that nobody knows, as written: "-" in every line. */
export function unknownAtoms(format: string): readonly string[] {
  const found = [...format.matchAll(directive)];
  return found.filter(([, name]) => name !== undefined && !isAtom(name)).map(([text]) => text);
}

function joining(texts: readonly string[], atoms: readonly Atom[]): LineMaker {
  const first = texts[0] ?? '';
  const steps = atoms.map((atom, index) => ({ atom, text: texts[index + 1] ?? '' }));
  return (record, time) => {
    let line = first;
    for (const { atom, text } of steps) line += atom(record, time) + text;
    return line;
  };
}

function atomOf(found: RegExpExecArray, format: string): Atom {
  const [, name, flags = '', width = '', precision, conversion] = found;
  if (name === undefined) {
    throw mistake(format, found.index, 'a % begins %(name)s; for the sign itself write %%');
  }
  const atom = atomNamed(name);
  if (conversion === 's') return padded(cut(atom, precision), flags.includes('-'), Number(width));
  if (conversion !== 'd' && conversion !== 'i') {
    throw mistake(
      format,
      found.index,
      `%(${name})${conversion} must end in s, or in d for a number`,
    );
  }
  if (!numberAtoms.has(name)) {
    throw mistake(format, found.index, `%(${name})${conversion} is no number: write %(${name})s`);
  }
  const zeros = flags.includes('0') && !flags.includes('-');
  return padded(atom, flags.includes('-'), Number(width), zeros ? '0' : ' ');
}

function cut(atom: Atom, precision: string | undefined): Atom {
  if (precision === undefined) return atom;
  const most = Number(precision);
  return (record, time) => atom(record, time).slice(0, most);
}

function padded(atom: Atom, left: boolean, width: number, filler = ' '): Atom {
  if (width === 0) return atom;
  if (left) return (record, time) => atom(record, time).padEnd(width);
  return (record, time) => atom(record, time).padStart(width, filler);
}

function mistake(format: string, index: number, rule: string): AccessFormatError {
  const place = `character ${index + 1} of "${format}"`;
  return new AccessFormatError(`access_log_format is wrong at ${place}: ${rule}`);
}
