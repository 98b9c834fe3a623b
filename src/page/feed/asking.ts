// Questions beside the feed: where a thread is right now, which connections are in a state. One answer each, within a bound of time; what
// cannot be answered is a sentence for people.

import { messageOf } from '../../message-of.ts';
import type { ConnectionLook } from '../../wire/look.ts';

/** A worker that stands still is asked for longer than it has to answer (0.5 s). */
const ANSWER_MS = 5_000;

export interface Connections {
  readonly open: number;
  readonly matching: number;
  readonly connections: readonly (ConnectionLook & { readonly worker: number })[];
  /** Workers that did not answer. */
  readonly silent: readonly number[];
}

export type Asked<T> = { readonly answer: T } | { readonly why: string };

export class Asking {
  readonly #token: () => string | null;

  constructor(token: () => string | null) {
    this.#token = token;
  }

  /** null: it does not pause, because it is idle or in native code. */
  async stack(worker: number, thread: string): Promise<Asked<string | null>> {
    const words = new URLSearchParams({ worker: String(worker), thread });
    const asked = await this.#ask<{ readonly stack: string | null }>(`stack?${words}`);
    return 'why' in asked ? asked : { answer: asked.answer.stack };
  }

  connections(state: string): Promise<Asked<Connections>> {
    return this.#ask(`connections?${new URLSearchParams({ state })}`);
  }

  async #ask<T>(path: string): Promise<Asked<T>> {
    try {
      const response = await fetch(path, {
        headers: bearer(this.#token()),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!response.ok) return { why: await sentence(response) };
      return { answer: (await response.json()) as T };
    } catch (error) {
      return { why: `The server did not answer: ${messageOf(error)}` };
    }
  }
}

export function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Refusals are `{ error }`, or plain text. */
async function sentence(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // Plain text, then.
  }
  return text.trim() === '' ? `The server answered ${response.status}.` : text.trim();
}
