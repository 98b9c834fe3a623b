import type { IncomingMessage, ServerResponse } from 'node:http';

enum Colour {
  Teal = 1,
}

export default function app(_req: IncomingMessage, res: ServerResponse): void {
  res.end(Colour[Colour.Teal]);
}
