// A request body that the host put into a file: read piece by piece as the application takes it, so that a large
// upload never lies in the thread's memory.

import { createReadStream, openSync } from 'node:fs';
import { Inlet } from './inlet.ts';

/** Bytes read ahead of the application; reading pauses after each piece until it was taken. */
const READ_BYTES = 64 * 1024;

/** Opens the file at once, because it is unlinked when the request ends. Throws when it is not there. */
export function fileInlet(path: string): Inlet {
  const stream = createReadStream(path, { fd: openSync(path, 'r'), highWaterMark: READ_BYTES });
  stream.pause();
  const inlet = new Inlet(
    { grant: () => void stream.resume(), discard: () => void stream.destroy() },
    1,
  );
  stream.on('data', (bytes) => {
    stream.pause();
    inlet.push(bytes as Buffer);
  });
  stream.on('end', () => inlet.end());
  stream.on('error', () => inlet.fail());
  return inlet;
}
