// The two kinds of application that a row is played on: the same paths in Python and in JavaScript, in test/apps.

import { type Served, serveNode, serveWsgi } from '../end-to-end/serving.ts';

export interface Kind {
  readonly name: 'WSGI' | 'Node.js';
  serve(args: readonly string[]): Promise<Served>;
}

export const KINDS: readonly Kind[] = [
  { name: 'WSGI', serve: (args) => serveWsgi('freezes', args) },
  { name: 'Node.js', serve: (args) => serveNode('./freezes.mjs', args) },
];
