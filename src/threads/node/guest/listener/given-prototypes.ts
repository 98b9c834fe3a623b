// An Express application gives each request and response the prototypes `app.request` and `app.response`. In V8 (until Node.js
// 22) every property that is added to such an object afterwards makes a hidden class for it alone, and nothing that reads it
// is optimised: a hello takes 282 µs of processor, 98 without. Where such an application alone is given them, they are made
// with these prototypes, and giving them once more changes nothing.

import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Listener } from '../load-app.ts';

export type RequestClass = new (socket: Socket) => IncomingMessage;
export type ResponseClass = new (request: IncomingMessage, options?: object) => ServerResponse;

/** What the next request and its response are made with. */
export interface Classes {
  readonly request: RequestClass;
  readonly response: ResponseClass;
}

/** Looked at anew for each request: a program may add listeners at any time, and change its prototypes. */
export class GivenPrototypes implements Classes {
  readonly #givenTo: Listener | Server;
  readonly #request = new Given('request', IncomingMessage);
  readonly #response = new Given('response', ServerResponse);

  /** @param givenTo who is given the requests: a listener, or those that listen to a server's 'request' */
  constructor(givenTo: Listener | Server) {
    this.#givenTo = givenTo;
  }

  get request(): RequestClass {
    const alone = this.#alone;
    this.#response.look(alone);
    return this.#request.look(alone);
  }

  /** Of the request whose class was asked for last. */
  get response(): ResponseClass {
    return this.#response.made;
  }

  /** The one that is given the request, when it is the only one. */
  get #alone(): unknown {
    if (typeof this.#givenTo === 'function') return this.#givenTo;
    const listeners = this.#givenTo.listeners('request');
    return listeners.length === 1 ? listeners[0] : null;
  }
}

/** The class of one of both. */
class Given<Arguments extends unknown[], Made extends object> {
  readonly #member: 'request' | 'response';
  readonly #base: Constructor<Arguments, Made>;
  #prototype: object | null = null;
  made: Constructor<Arguments, Made>;

  constructor(member: 'request' | 'response', base: Constructor<Arguments, Made>) {
    this.#member = member;
    this.#base = base;
    this.made = base;
  }

  /** As whoever is given the request alone has it now. */
  look(alone: unknown): Constructor<Arguments, Made> {
    const given = prototypeOf(alone, this.#member, this.#base.prototype);
    if (given !== this.#prototype) {
      this.#prototype = given;
      this.made = given === null ? this.#base : withPrototype(this.#base, given);
    }
    return this.made;
  }
}

/** What Express's applications have: a function with `handle`, and objects that inherit from Node.js's own. */
function prototypeOf(
  listener: unknown,
  member: 'request' | 'response',
  base: object,
): object | null {
  if (typeof listener !== 'function') return null;
  const { handle, [member]: prototype } = listener as { handle?: unknown } & Partial<
    Record<typeof member, object>
  >;
  if (typeof handle !== 'function' || typeof prototype !== 'object') return null;
  return Object.prototype.isPrototypeOf.call(base, prototype) ? prototype : null;
}

interface Constructor<Arguments extends unknown[], Made> {
  new (...args: Arguments): Made;
  readonly prototype: object;
}

/** Node.js's classes are functions, which can be called on an object that is there. */
function withPrototype<Arguments extends unknown[], Made extends object>(
  Base: Constructor<Arguments, Made>,
  prototype: object,
): Constructor<Arguments, Made> {
  const begin = Base as unknown as (this: Made, ...args: Arguments) => void;
  function Given(this: Made, ...args: Arguments): void {
    begin.apply(this, args);
  }
  Given.prototype = prototype;
  return Given as unknown as Constructor<Arguments, Made>;
}
