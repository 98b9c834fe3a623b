// Every case, in the order of the page.

import type { Case } from '../case.ts';
import { BACK_PRESSURE } from './back-pressure.ts';
import { BODIES } from './bodies.ts';
import { CONNECTIONS } from './connections.ts';
import { EVENTS } from './events.ts';
import { HANG_UPS } from './hang-ups.ts';
import { HEADS } from './heads.ts';
import { OBSERVERS } from './observers.ts';
import { REQUEST_BODIES } from './request-bodies.ts';
import { REQUESTS } from './requests.ts';
import { SERVERS } from './servers.ts';
import { SOCKETS } from './sockets.ts';
import { SPECIAL_HEADS } from './special-heads.ts';

export const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  'The head of a request': REQUESTS,
  'The body of a request, and its members': REQUEST_BODIES,
  'The head of a response': HEADS,
  'Special heads': SPECIAL_HEADS,
  'The body of a response': BODIES,
  'Back-pressure, and members of a response': BACK_PRESSURE,
  'Ends, and clients that go': EVENTS,
  'Programs that hang up': HANG_UPS,
  'The socket, timeouts and pipelines': SOCKETS,
  'Connections that are kept, and 100 Continue': CONNECTIONS,
  Observers: OBSERVERS,
  'The server of a program, played one after another': SERVERS,
};

export const CASES: readonly Case[] = Object.values(GROUPS).flat();
