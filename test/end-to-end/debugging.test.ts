// `--inspect`: a debugger, as DevTools speak it, comes to one thread of a Node.js application. While it holds that thread at a
// breakpoint for longer than any timeout, others serve, and afterwards the request is answered. Tried on purpose, and seen
// to fail: a thread that stands still for a debugger taken for stuck, and requests that are overdue meanwhile.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'undici';
import {
  ask,
  eventually,
  runToEnd,
  type Served,
  serveNode,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const APP = `import { threadId } from 'node:worker_threads';
export default function app(req, res) {
  if (req.url === '/exit') process.exit(7);
  const answer = 'thread ' + threadId;
  res.end(answer);
}
`;
/** Of APP, counted from 0: where the answer is not there yet. */
const LINE = 3;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: { readonly [name: string]: unknown };
}

/** The Chrome DevTools Protocol. */
class Debugger {
  readonly heard: Message[] = [];
  readonly #socket: WebSocket;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.heard.push(JSON.parse(String(data)) as Message);
    });
  }

  static async connect(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return new Debugger(socket);
  }

  async ask(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#asked;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return eventually(() => this.heard.find((message) => message.id === id), method);
  }

  event(method: string): Promise<Message> {
    return eventually(() => this.heard.find((message) => message.method === method), method);
  }

  close(): void {
    this.#socket.close();
  }
}

let server: Served;
const told = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[\w-]+) for (thread \d+)/;

before(async () => {
  const cwd = await temporaryFolder({ 'app.mjs': APP });
  const args = ['--threads', '2', '--timeout', '1', '--inspect', '127.0.0.1:0'];
  server = await serveNode('./app.mjs', args, { cwd });
});

test('a debugger evaluates in the thread, holds a request for longer than timeout, and lets it go', async () => {
  const [, url = ''] = await server.server.line(told);
  const visitor = await Debugger.connect(url);
  await visitor.ask('Runtime.enable');
  await visitor.ask('Debugger.enable');
  const expression = 'process.version';
  const { result } = await visitor.ask('Runtime.evaluate', { expression });
  assert.deepEqual(result?.['result'], { type: 'string', value: process.version });
  await visitor.ask('Debugger.setBreakpointByUrl', { urlRegex: 'app\\.mjs$', lineNumber: LINE });
  // One of them comes to the thread that is debugged, and waits there.
  const asked = Array.from({ length: 8 }, () => ask(server, '/'));
  await visitor.event('Debugger.paused');
  await pause(2500);
  const others = await Promise.all([1, 2, 3, 4].map(() => ask(server, '/')));
  assert.equal(new Set(others.map(({ body }) => body.toString())).size, 1);
  assert.doesNotMatch(server.log(), /overdue|is gone/);
  await visitor.ask('Debugger.disable');
  const threads = (await Promise.all(asked)).map(({ body }) => body.toString());
  const [other = ''] = others.map(({ body }) => body.toString());
  assert.equal(threads.filter((thread) => thread !== other).length, 1, 'the one that was held');
  visitor.close();
});

test('the thread that takes its place is debugged at the same port', async () => {
  const [, first = ''] = await server.server.line(told);
  for (let thread = 1; thread <= 2; thread++) await ask(server, '/exit');
  const [, second = ''] = await server.server.line(told, 2);
  assert.equal(new URL(second).port, new URL(first).port);
  const visitor = await Debugger.connect(second);
  const { result } = await visitor.ask('Runtime.evaluate', { expression: '1 + 1' });
  assert.deepEqual(result?.['result'], { type: 'number', value: 2, description: '2' });
  assert.deepEqual(await server.server.stop(), { code: 0, signal: null });
  visitor.close();
});

test('where it has no effect, or lets everybody in, is said', async () => {
  const check = ['--check-config', '--inspect', '--bind', '127.0.0.1:0'];
  const wsgi = await runToEnd([...check, 'hello:app'], WSGI_APPS);
  assert.match(wsgi.output, /inspect has no effect on a WSGI application/);
  const open = await runToEnd([...check, '--inspect=0.0.0.0', 'hello:app'], WSGI_APPS);
  assert.match(open.output, /whoever reaches 0\.0\.0\.0:9229 can run any code/);
  const wrong = await runToEnd(['--inspect=a:b:c', 'hello:app'], WSGI_APPS);
  assert.match(wrong.output, /inspect must be HOST:PORT/);
});
