// The files that the tests of this folder look at: all that people write in this repository, read once, with the few
// line scans that several of them share. A scan and no syntax tree: the formatter makes the layout dependable.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout, with a slash at its end; the compiled twin of this file lies three folders below it. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface FunctionSpan {
  /** Counted from 1. */
  readonly line: number;
  readonly length: number;
  readonly head: string;
}

/** Files that git knows or would add, whose names match; what .gitignore names is nobody's source. */
export function sourceFiles(matching: RegExp): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '-c', '-o', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  const paths = [...new Set(listed.split('\0'))].filter((path) => matching.test(path)).sort();
  return paths.flatMap((path) => read(path));
}

/** A file deleted in the work tree is still in git's index; it is simply not there. */
function read(path: string): SourceFile[] {
  try {
    const text = readFileSync(root + path, 'utf8');
    return [{ path, text, lines: text.split('\n') }];
  } catch {
    return [];
  }
}

const NOT_A_FUNCTION =
  /^\s*(\} )?(if|else|for|while|switch|case|default|try|catch|finally|do|class|export class|abstract class|interface|export interface|namespace|return \{)\b|^\s*describe\(/;
const OPENS_FUNCTION = /(\bfunction\b.*|=>\s*|\)(:\s*[^=]+)?\s*)\{$/;

/** Functions of a TypeScript or JavaScript file: from the line where the statement begins to its closing brace. */
export function typescriptFunctions(file: SourceFile): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  file.lines.forEach((line, index) => {
    if (!OPENS_FUNCTION.test(line) || NOT_A_FUNCTION.test(line)) return;
    const indent = indentOf(line);
    const start = line.trimStart().startsWith(')') ? lineBefore(file.lines, index, indent) : index;
    const end = file.lines.findIndex(
      (other, at) => at > index && indentOf(other) === indent && other.trimStart().startsWith('}'),
    );
    const head = file.lines[start] ?? line;
    if (end > 0 && !NOT_A_FUNCTION.test(head)) {
      spans.push({ line: start + 1, length: end - start + 1, head: head.trim() });
    }
  });
  return spans;
}

/** Functions of a Python file: from `def` to the last line that is indented deeper. */
export function pythonFunctions(file: SourceFile): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  file.lines.forEach((line, index) => {
    if (!/^\s*(async )?def /.test(line)) return;
    const indent = indentOf(line);
    let last = index;
    for (let at = index + 1; at < file.lines.length; at++) {
      const text = file.lines[at] ?? '';
      if (text.trim() === '') continue;
      // A signature over several lines closes with a parenthesis at the level of its def.
      if (indentOf(text) <= indent && !/^\s*\)/.test(text)) break;
      last = at;
    }
    spans.push({ line: index + 1, length: last - index + 1, head: line.trim() });
  });
  return spans;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function lineBefore(lines: readonly string[], from: number, indent: number): number {
  for (let at = from - 1; at >= 0; at--) {
    if (indentOf(lines[at] ?? '') === indent && (lines[at] ?? '').trim() !== '') return at;
  }
  return from;
}

/** Lines outside fenced blocks; headings and links inside a fence are examples. */
export function proseLines(file: SourceFile): string[] {
  let fenced = false;
  return file.lines.filter((line) => {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced;
      return false;
    }
    return !fenced;
  });
}
