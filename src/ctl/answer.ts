// Reads answers of the control socket, which another version of the server may have made: what is missing or of another kind is
// read as nothing, and never throws.

import { escapeMessage } from '../observe/escape.ts';

export type Members = Readonly<Record<string, unknown>>;

export function rowsOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.map(members) : [];
}

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

export function text(value: unknown): string {
  return typeof value === 'string'
    ? escapeMessage(value)
    : value === undefined || value === null
      ? '-'
      : String(value);
}

export function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function list(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join(', ') : '-';
}
