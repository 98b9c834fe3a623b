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

/** Asked anew for each request: a program may add listeners at any time, and change its prototypes. */
export class GivenPrototypes implements Classes {
  readonly #givenTo: Listener | Server;
  #requestPrototype: object | null = null;
  #responsePrototype: object | null = null;
  #request: RequestClass = IncomingMessage;
  #response: ResponseClass = ServerResponse;

  /** @param givenTo who is given the requests: a listener, or those that listen to a server's 'request' */
  constructor(givenTo: Listener | Server) {
    this.#givenTo = givenTo;
  }

  get request(): RequestClass {
    const given = prototypeOf(this.#alone, 'request', IncomingMessage.prototype);
    if (given !== this.#requestPrototype) {
      this.#requestPrototype = given;
      this.#request = given === null ? IncomingMessage : withPrototype(IncomingMessage, given);
    }
    return this.#request;
  }

  get response(): ResponseClass {
    const given = prototypeOf(this.#alone, 'response', ServerResponse.prototype);
    if (given !== this.#responsePrototype) {
      this.#responsePrototype = given;
      this.#response = given === null ? ServerResponse : withPrototype(ServerResponse, given);
    }
    return this.#response;
  }

  /** The one that is given the request, when it is the only one. */
  get #alone(): unknown {
    if (typeof this.#givenTo === 'function') return this.#givenTo;
    const listeners = this.#givenTo.listeners('request');
    return listeners.length === 1 ? listeners[0] : null;
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

type Constructor<Arguments extends unknown[], Made> = new (...args: Arguments) => Made;

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
