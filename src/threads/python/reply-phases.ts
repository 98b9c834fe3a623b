// Which frame of a Python thread may come when: the phases of one request, and what each frame makes of them. A frame
// that has no entry means that the wire is broken.

import { FromThread } from '../../wire/python-frame.ts';

export type Phase =
  /** No request is with the thread. */
  | 'idle'
  /** Nothing of the response has come. */
  | 'head'
  /** The head has come; pieces follow. */
  | 'body'
  /** A file was offered; the loop opens it and answers. */
  | 'offered'
  /** The response is complete; the application's close() runs. */
  | 'closing';

const NEXT: { readonly [P in Phase]: Readonly<Record<number, Phase>> } = {
  idle: {},
  head: {
    [FromThread.INTERIM]: 'head',
    [FromThread.WHOLE]: 'idle',
    [FromThread.WHOLE_OPEN]: 'closing',
    [FromThread.HEAD]: 'body',
    [FromThread.FILE]: 'offered',
    // Only after GONE: the application was told before it had sent anything.
    [FromThread.END]: 'idle',
    [FromThread.FAILED]: 'idle',
  },
  body: {
    [FromThread.PIECE]: 'body',
    [FromThread.END]: 'idle',
    [FromThread.FAILED]: 'idle',
  },
  offered: {},
  closing: {
    [FromThread.END]: 'idle',
  },
};

/** Undefined: that frame must not come in that phase. */
export function phaseAfter(phase: Phase, kind: number): Phase | undefined {
  return NEXT[phase][kind];
}
