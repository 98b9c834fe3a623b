// The two kinds of application that a row is played on: the same paths in Python and in JavaScript, in test/apps.

import { type Place, type Served, serveNode, serveWsgi } from '../end-to-end/serving.ts';

export interface Kind {
  readonly name: 'WSGI' | 'Node.js';
  serve(args: readonly string[], place?: Place): Promise<Served>;
}

export const KINDS: readonly Kind[] = [
  { name: 'WSGI', serve: (args, place) => serveWsgi('freezes', args, place) },
  { name: 'Node.js', serve: (args, place) => serveNode('./freezes.mjs', args, place) },
];

/** What clients that ask without a pause ask for: it takes its time and no processor, else they would take all of it. */
export const QUIET_PATH = '/pause?0.05';
