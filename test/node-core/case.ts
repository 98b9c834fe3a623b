// What one case of the comparison with node:http is: a handler that runs in both servers, what its client does, and which
// of Node.js's own tests ask for it. docs/node-http.md has a row for each (page.ts).

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Writes down what the handler saw; fetched through a side route and compared. */
export type Note = (seen: string) => void;

/** A client with one connection. What it reads is recorded and compared. */
export interface Peer {
  /** Bytes as they are (latin-1). */
  send(bytes: string): Promise<void>;
  /** A request for this case. */
  ask(question?: Question): Promise<void>;
  /** The next response, 1xx each for itself. */
  read(options?: { toHead?: boolean }): Promise<void>;
  /** Waits until these bytes have arrived and are not read yet. */
  arrived(bytes: string): Promise<void>;
  /** Waits until the handler has written down something that begins so. */
  noted(beginning: string): Promise<void>;
  /** Waits for the end of the connection. */
  closed(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Half-close. */
  end(): void;
  reset(): void;
}

export interface Question {
  readonly method?: string;
  /** Behind a question mark. */
  readonly query?: string;
  readonly version?: '1.0' | '1.1';
  /** Field lines, without the Host that is added for 1.1. */
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** What the client of a case does. */
export type Play = (peer: Peer) => Promise<void>;

export interface Case {
  readonly name: string;
  /** Names of Node.js's tests, without `test-http-` and `.js`; none where only the documentation asks for it. */
  readonly core: readonly string[];
  readonly asks: string;
  readonly serve: (req: IncomingMessage, res: ServerResponse, note: Note) => unknown;
  /** What the client does; one GET and its answer unless said. */
  readonly play?: Play;
  /** The handler's notes are complete once one begins so. */
  readonly ends?: string;
  /** Events whose order among each other is left open. */
  readonly anyOrder?: boolean;
  /** Why it is not as in node:http. The test fails when it is after all. */
  readonly differs?: string;
  /** From this major version of Node.js on it does as we do. */
  readonly until?: number;
}

/** Runs it and says what it threw: code and message. */
export function thrown(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return said(error);
  }
}

export function said(error: unknown): string {
  if (error === undefined || error === null) return String(error);
  const { code, name, message } = error as { code?: string; name: string; message: string };
  return `${name} ${code ?? ''}: ${message}`;
}

interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Notes each of these events as "<who> <event>". */
export function hear(emitter: Emitter, who: string, events: string, note: Note): void {
  for (const event of events.split(' ')) {
    emitter.on(event, (value) => {
      note(`${who} ${event}${event === 'error' ? ` ${said(value)}` : ''}`);
    });
  }
}

/** Listens to request and response as the tests of Node.js do. */
export function hearBoth(req: Emitter, res: Emitter, note: Note): void {
  hear(req, 'req', 'end error aborted close', note);
  hear(res, 'res', 'prefinish finish error close', note);
}

/** Members that a type does not name. */
export function loose(value: object): Record<string, unknown> {
  return value as Record<string, unknown>;
}

export function post(body: string, fields: readonly string[] = []): Question {
  return { method: 'POST', body, fields: [`Content-Length: ${body.length}`, ...fields] };
}

/** `body`: what `chunks` gives, and its end, if it is to come now. */
export function postChunked(body: string): Question {
  return { method: 'POST', body, fields: ['Transfer-Encoding: chunked'] };
}

/** Each of these and its answer, one after the other. */
export function asking(...questions: readonly Question[]): Play {
  return async (peer) => {
    for (const question of questions) {
      await peer.ask(question);
      await peer.read({ toHead: question.method === 'HEAD' });
    }
  };
}

/** A GET that is not answered: the connection is ended. */
export async function closes(peer: Peer): Promise<void> {
  await peer.ask();
  await peer.closed();
}

/** A GET, what there is of its answer, and the end of the connection. */
export async function answersAndCloses(peer: Peer): Promise<void> {
  await peer.ask();
  await peer.read();
  await peer.closed();
}

/** `bodies` as chunks, each with its length. */
export function chunks(...bodies: string[]): string {
  return bodies.map((body) => `${body.length.toString(16)}\r\n${body}\r\n`).join('');
}

export const LAST_CHUNK = '0\r\n\r\n';
