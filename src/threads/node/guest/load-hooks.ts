// Runs in Node.js's own thread for module hooks, where there are no hooks in the thread of the application (before 22.15):
// says which modules are being loaded. Changes nothing about them.

import type { MessagePort } from 'node:worker_threads';

let listener: MessagePort | null = null;

export function initialize(port: MessagePort): void {
  listener = port;
  port.unref();
}

export function load<Context, Loaded>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Loaded,
): Loaded {
  listener?.postMessage(url);
  return next(url, context);
}
