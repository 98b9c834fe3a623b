// The request that is explained, as the server would read and answer it. Shapes only.

import type { ParsedHead } from '../http1/head.ts';
import type { Standing } from '../proxy/standing.ts';
import type { OwnAnswer } from './explanation.ts';
import type { Question } from './options.ts';

/** A request as the server would read it. */
export interface Read {
  readonly question: Question;
  readonly type: 'wsgi' | 'node';
  readonly standing: Standing;
  /** Limits judge not its connection but each request, by the client that it names. */
  readonly ofRequests: boolean;
  /** Of a refused one: what was read. */
  readonly head: ParsedHead;
  /** Name, value, name, value, as sent: with the Host that every client sends. */
  readonly sent: readonly string[];
  /** What is wrong with the head. */
  readonly refused: OwnAnswer | null;
}

export interface Asked extends Read {
  /** Null: the application's. */
  readonly answer: OwnAnswer | null;
}
