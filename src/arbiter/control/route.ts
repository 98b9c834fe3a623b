// What a question on the control socket consists of: where it is asked, what it takes, what is answered, and when it is refused. The table of
// them is routes.ts; answering.ts checks what comes against it, and openapi.ts describes it.

import type { Operator } from './operator.ts';
import type { Described, Schema } from './schema.ts';

interface Taken {
  readonly type: 'string' | 'integer' | 'boolean';
  /** No others; left out: any. */
  readonly values?: readonly string[];
  /** Of a number. */
  readonly min?: number;
  readonly max?: number;
  /** What holds when it is left out; where there is none, in a body, it may not be. */
  readonly default?: string | number | boolean;
  readonly meaning: string;
  readonly example: string | number | boolean;
}

export interface Parameter extends Taken {
  readonly name: string;
  readonly in: 'path' | 'query';
}

export interface BodyMember extends Taken {
  readonly type: 'string' | 'integer';
}

/** Of one request: checked against its route. */
export type Given = ReadonlyMap<string, string | number>;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** With `{name}` for what is a parameter. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** Members of the JSON object that comes as the body; null: none does. */
  readonly body: { readonly [member: string]: BodyMember } | null;
  /** Status of success. */
  readonly status: 200 | 202;
  readonly answers: Described;
  /** When it answers what else, beside what any question may be answered. */
  readonly refusals: { readonly [status: number]: string };
  answer(operator: Operator, given: Given): Promise<object>;
}

type Named = Pick<Route, 'method' | 'path' | 'id' | 'summary'> & Partial<Route>;

/** Nothing but `answers` describes what `answer` gives. */
export function route<T extends object>(
  one: Named & {
    readonly answers: Schema<T>;
    answer(operator: Operator, given: Given): Promise<T>;
  },
): Route {
  return { parameters: [], body: null, status: 200, refusals: {}, ...one };
}
