// Runs an application's fetch for one request and sends what it answers. One that throws, or answers no Response, is
// answered with 500; a request whose Host and target make no URL with 400, before the application sees it.

import type { Begin, Exchange, ExchangeSide } from '../exchange.ts';
import { refusesExpectation } from '../expectation.ts';
import { type Fetch, stackOf } from '../load-app.ts';
import { FetchContext } from './context.ts';
import { LightRequest } from './light-request.ts';
import { type StreamEnds, sendResponse } from './send-response.ts';
import { installWebClasses } from './web-classes.ts';

/** A Request cannot have them (Fetch standard, "forbidden method"): the application would fail as soon as it copied one. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

export function fetchBegin(fetch: Fetch): Begin {
  installWebClasses();
  return (exchange) => new FetchRun(exchange).run(fetch);
}

class FetchRun implements ExchangeSide, StreamEnds {
  onGone: (() => void) | null = null;
  onDrained: (() => void) | null = null;
  readonly #exchange: Exchange;
  readonly #request: LightRequest;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#request = new LightRequest(exchange);
    exchange.side = this;
  }

  run(fetch: Fetch): void {
    if (refusesExpectation(this.#exchange)) return;
    if (FORBIDDEN.has(this.#exchange.facts.method)) {
      this.#exchange.whole('501 Not Implemented', '', true, '', null);
      this.#exchange.inlet?.discard();
      return;
    }
    if (this.#request.tryUrl() === null) {
      this.#exchange.whole('400 Bad Request', '', true, 'The request names no valid URL.', null);
      return;
    }
    try {
      const request = this.#request as unknown as Request;
      const context = new FetchContext(this.#exchange);
      const answer = fetch(request, context, context);
      if (!isPromise(answer)) this.#send(answer);
      else answer.then((response) => this.#send(response)).then(undefined, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  gone(overdue: boolean): void {
    this.#request.abort(overdue);
    this.onGone?.();
    this.drained();
  }

  drained(): void {
    const resume = this.onDrained;
    this.onDrained = null;
    resume?.();
  }

  #send(response: unknown): void {
    const rest = sendResponse(this.#exchange, response, this);
    if (rest === null) this.#request.release();
    else rest.then(() => this.#request.release()).then(undefined, this.#failed);
  }

  readonly #failed = (error: unknown): void => {
    this.onGone?.();
    this.#exchange.fail(500, 'app-raised', stackOf(error));
    this.#request.release();
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Promise<unknown>).then === 'function'
  );
}
