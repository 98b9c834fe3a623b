// Where a Node.js thread begins: takes what it was given to boot with, and runs the application.

import { workerData } from 'node:worker_threads';
import { ownSystemThread } from '../../../system-thread.ts';
import { type GuestBoot, SYSTEM_THREAD } from '../../../wire/node-thread.ts';
import { runGuest } from './run-guest.ts';

const boot = takeBoot(workerData as GuestBoot);
Atomics.store(new Int32Array(boot.shared), SYSTEM_THREAD, ownSystemThread());
// Not awaited: Node.js 24 warns of an entry that never settles, and runGuest says itself what its application waits for.
void runGuest(boot);

/** The application finds none of it in its own `workerData`. */
function takeBoot(data: GuestBoot): GuestBoot {
  const taken = { ...data };
  for (const key of Object.keys(data)) Reflect.deleteProperty(data, key);
  return taken;
}
