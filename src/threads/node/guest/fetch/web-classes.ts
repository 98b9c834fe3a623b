// The web's classes as the application finds them in its thread: Request, Response and fetch of Node.js, made to
// understand the light ones. They are put in place when the application first touches one, because loading them costs
// each thread some 20 ms and megabytes that a (req, res) application need not pay.

import { LightRequest, requestClass } from './light-request.ts';
import { responseClass } from './light-response.ts';

/** The classes an application sees, and Node's own behind them. */
export interface WebClasses {
  readonly Request: typeof Request;
  readonly Response: typeof Response;
  readonly fetch: typeof fetch;
}

let installed: WebClasses | null = null;

/** Makes the globals appear on first use. */
export function offerWebClasses(): void {
  for (const name of ['Request', 'Response', 'fetch'] as const) {
    const original = Object.getOwnPropertyDescriptor(globalThis, name);
    if (original === undefined) continue;
    originals.set(name, original);
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: original.enumerable ?? false,
      get: () => installWebClasses()[name],
      set: (value: unknown) => define(name, value),
    });
  }
}

const originals = new Map<string, PropertyDescriptor>();

/** Idempotent. */
export function installWebClasses(): WebClasses {
  if (installed !== null) return installed;
  for (const [name, original] of originals) Object.defineProperty(globalThis, name, original);
  const { Request: NativeRequest, Response: NativeResponse, fetch: nativeFetch } = globalThis;
  installed = {
    Request: requestClass(NativeRequest),
    Response: responseClass(NativeResponse),
    fetch: (input, init) =>
      nativeFetch(
        input instanceof LightRequest ? input.onward : input,
        init instanceof LightRequest ? init.onward : init,
      ),
  };
  Object.defineProperty(installed.fetch, 'name', { value: 'fetch' });
  for (const [name, value] of Object.entries(installed)) define(name, value);
  return installed;
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    writable: true,
    enumerable: name === 'fetch',
    value,
  });
}
