// A listener in TypeScript that imports a neighbour by its .ts name.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { greeting } from './greeting.ts';

export default function app(_req: IncomingMessage, res: ServerResponse): void {
  res.end(greeting satisfies string);
}
