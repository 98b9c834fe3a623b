// What was going on when a request came to grief: the first line of its kind in a while about one that was timed out, killed or shed
// has all that the worker knows at that moment, because nobody can look later. The lines after it are short again.

import { escapeMessage } from '../../observe/escape.ts';
import type { LogFacts } from '../../observe/log-facts.ts';
import { SeldomEach } from '../../observe/seldom.ts';
import type { ConnectionLook, RequestLook, ThreadLook } from '../../wire/look.ts';

export interface LogLine {
  readonly message: string;
  readonly facts: LogFacts;
}

/** The worker at one moment. */
export interface Picture {
  readonly threads: readonly ThreadLook[];
  readonly open: number;
  readonly states: { readonly [state: string]: number };
  /** Some of those that wait for a thread, the one that came first at the front, and how many there are. */
  readonly queued: number;
  readonly waiting: readonly ConnectionLook[];
  readonly memoryBytes: number;
  readonly openFiles: number;
}

/** Of each thread and of the queue so many requests are told; then how many more there are. */
export const TOLD = 5;

export type Grief = 'overdue' | 'died' | 'shed';

export class BlackBox {
  readonly #look: () => Picture;
  readonly #now: () => number;
  readonly #seldom = new SeldomEach();

  /** @param now monotonic ms */
  constructor(look: () => Picture, now: () => number) {
    this.#look = look;
    this.#now = now;
  }

  /** The worker now; null when one of this kind was taken a short while ago. */
  take(kind: Grief): Picture | null {
    return this.#seldom.claim(kind, this.#now()) === null ? null : this.#look();
  }
}

/** The line with the picture, or as it is where there is none. */
export function withPicture(line: LogLine, picture: Picture | null): LogLine {
  if (picture === null) return line;
  const message = `${line.message}\n${inWords(picture)}`;
  return { message, facts: { ...line.facts, ...asFacts(picture) } };
}

function asFacts(picture: Picture): LogFacts {
  const [oldest] = picture.waiting;
  return {
    connections: picture.open,
    queued: picture.queued,
    queued_ms: oldest?.request?.ageMs ?? 0,
    busy_threads: picture.threads.filter(({ load }) => load > 0).length,
    threads: picture.threads.length,
    memory: picture.memoryBytes,
    open_files: picture.openFiles,
  };
}

function inWords(picture: Picture): string {
  const { threads, open, states, queued, waiting, memoryBytes, openFiles } = picture;
  const each = Object.entries(states).map(([state, count]) => `${state} ${count}`);
  const mebibytes = Math.round(memoryBytes / 2 ** 20);
  const lines = [
    `Connections: ${[String(open), ...each].join(', ')}`,
    ...threads.map(({ name, state, load, requests }) => {
      return `${name}: ${state}, ${load === 0 ? 'runs nothing' : told(requests, load)}`;
    }),
    ...(queued === 0 ? [] : [`Queue: ${told(requestsOf(waiting), queued)}`]),
    `Memory: ${mebibytes} MiB; open files: ${openFiles}`,
  ];
  return lines.map((line) => `  ${escapeMessage(line)}`).join('\n');
}

function requestsOf(connections: readonly ConnectionLook[]): readonly RequestLook[] {
  return connections.flatMap(({ request }) => (request === null ? [] : [request]));
}

function told(requests: readonly RequestLook[], count: number): string {
  const texts = requests.slice(0, TOLD).map(({ method, path, client, ageMs, ranMs }) => {
    return `${method} ${path} from ${client} for ${((ranMs ?? ageMs) / 1000).toFixed(1)} s`;
  });
  const more = count - texts.length;
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
