// The rows that clients alone can play, in the order of the table. The others need the server's processes in hand.

import { moreThanTheLimit, overload, resets } from './load.ts';
import type { Row } from './row.ts';
import {
  silentConnections,
  slowBodies,
  slowHeads,
  slowReaders,
  stalledHandshakes,
} from './slow-clients.ts';
import { dying, inNativeCode, sleeping, spinning } from './stuck-threads.ts';

export const CLIENT_ROWS: readonly Row[] = [
  moreThanTheLimit,
  slowHeads,
  slowBodies,
  slowReaders,
  silentConnections,
  sleeping,
  spinning,
  inNativeCode,
  dying,
  overload,
  stalledHandshakes,
  resets,
];
