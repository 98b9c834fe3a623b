// An object with fetch(request), in TypeScript, with one path for each thing that such applications do.

import { readFile } from 'node:fs/promises';
import { subtleties } from './fetch-subtleties.ts';

enum Mark {
  // An enum is TypeScript that must be compiled: taking the types out would not be enough.
  Yes = 'compiled',
}

const aborted: string[] = [];

async function seen(request: Request): Promise<Response> {
  const body = await request.arrayBuffer();
  return Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    bytes: body.byteLength,
  });
}

function streaming(): Response {
  const pieces = ['one ', 'two ', 'three'];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/plain' } });
}

function endless(request: Request, name: string): Response {
  request.signal.addEventListener('abort', () => aborted.push(`signal ${name}`));
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: () => void aborted.push(`cancel ${name}`),
  });
  return new Response(body);
}

/** The stream breaks when the test has seen the first piece and says so through the fifo. */
function broken(fifo: string): Response {
  let begun = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (begun) {
        await readFile(fifo);
        controller.error(new Error('the stream broke on purpose'));
        return;
      }
      begun = true;
      controller.enqueue(new TextEncoder().encode('begun'));
    },
  });
  return new Response(body);
}

function cookies(): Response {
  const headers = new Headers({ 'content-type': 'text/plain' });
  headers.append('set-cookie', 'a=1');
  headers.append('set-cookie', 'b=2');
  return new Response('cookies', { status: 201, statusText: 'Made It', headers });
}

export default {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    switch (url.pathname) {
      case '/':
        return new Response(`Hello from fetch, ${Mark.Yes}\n`);
      case '/seen':
        return seen(request);
      case '/echo':
        return new Response(request.body);
      case '/pieces':
        return streaming();
      case '/cookies':
        return cookies();
      case '/no-content':
        return new Response(null, { status: 204 });
      case '/throw':
        throw new Error('thrown in fetch on purpose');
      case '/broken':
        return broken(url.searchParams.get('fifo') ?? '');
      case '/nothing':
        return undefined as unknown as Response;
      case '/endless':
        return endless(request, url.searchParams.get('name') ?? '');
      case '/aborted':
        return Response.json(aborted);
      default:
        return subtleties(request, url);
    }
  },
};

export const named = { fetch: () => new Response('the named one\n') };
