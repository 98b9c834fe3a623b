// Opens Node.js's inspector for this thread, for whoever debugs it. The host lets debuggers in, at an address that stays when
// the thread is replaced: here any free port will do, and this machine alone reaches it.

import inspector from 'node:inspector';
import { ToHost } from '../../../wire/node-thread.ts';
import type { Outbox } from './outbox.ts';

export function openInspector(outbox: Outbox): void {
  inspector.open(0, '127.0.0.1');
  outbox.open().push(ToHost.debuggable, inspector.url() ?? '');
  outbox.flush();
}
