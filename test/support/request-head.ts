// A request head as the parser would make it, for tests that hand one to a thread without a connection in front.

import { splitTarget } from '../../src/http1/target.ts';
import type { RequestHead } from '../../src/threads/app-thread.ts';

export function requestHead(target: string, more: Partial<RequestHead> = {}): RequestHead {
  const { method = 'GET' } = more;
  const parts = splitTarget(method, target);
  if (parts === null) throw new Error(`${target} is no target of ${method}`);
  const { path, query, authority } = parts;
  const plain = {
    minorVersion: 1,
    keepAlive: true,
    expects: 'nothing' as const,
    fields: [],
    upgrade: null,
    forwarded: null,
  };
  return { method, target, path, query, host: authority, ...plain, ...more };
}
