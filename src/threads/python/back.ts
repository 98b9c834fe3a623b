// Whether an interrupted thread comes back in time.

import type { PythonThread } from './channel.ts';

/** True when the thread has no request any more, now or within `ms` milliseconds. */
export async function isBackWithin(thread: PythonThread, ms: number): Promise<boolean> {
  if (!thread.busy) {
    return true;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const back = thread.whenIdle().then(() => true);
  return Promise.race([back, late]).finally(() => clearTimeout(timer));
}
