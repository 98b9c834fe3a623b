// What can be asked at the status address. `/` is the page, which shows nothing of the server by itself; everything else is data.

import type { Operator, Steered } from '../control/operator.ts';
import { Refusal } from '../control/refusal.ts';
import type { Live } from './live.ts';
import { type PageFile, readPage } from './page.ts';
import { metricsPage } from './prometheus.ts';
import type { StatusReply, StatusRoute } from './server.ts';

const CONNECTIONS_MAX = 50;
/** To take a stack stops a thread for a moment: nobody shall have it done again and again. */
const STACKS_MAX = 4;

export interface RouteParts {
  readonly server: Steered;
  readonly operator: Operator;
  readonly live: Live;
}

export function routesOf({ server, operator, live }: RouteParts): readonly StatusRoute[] {
  const stacks = new AtOnce(STACKS_MAX);
  let page: Promise<PageFile> | null = null;
  return [
    {
      path: '/',
      isData: false,
      answer: async () => {
        page ??= readPage();
        // One that is built later is found then.
        page.catch(() => (page = null));
        const { text, headers } = await page;
        return { type: 'text/html; charset=utf-8', text, headers };
      },
    },
    { path: '/metrics', isData: true, answer: () => metricsPage(server, operator) },
    {
      path: '/live',
      isData: true,
      answer: async () => {
        if (live.isFull) throw new Refusal(503, 'As many look at this server as may.');
        return { type: 'text/event-stream', stream: (response) => live.watch(response) };
      },
    },
    {
      path: '/stack',
      isData: true,
      answer: (query) =>
        stacks.run(async () => {
          const thread = query.get('thread') ?? '';
          const worker = query.get('worker') ?? '';
          if (!/^\d{1,9}$/.test(worker) || thread === '') {
            throw new Refusal(400, '/stack?worker=PID&thread=NAME, with a name as /live has it.');
          }
          return json(await operator.stack(Number(worker), thread));
        }),
    },
    {
      path: '/connections',
      isData: true,
      answer: async (query) => {
        const filter = {
          state: query.get('state'),
          client: query.get('client'),
          path: query.get('path'),
        };
        const { connections, ...counts } = await operator.connections(filter, CONNECTIONS_MAX);
        return json({ ...counts, connections: connections.slice(0, CONNECTIONS_MAX) });
      },
    },
  ];
}

/** So many and no more. */
class AtOnce {
  readonly #most: number;
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<Result>(deed: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#most)
      throw new Refusal(503, 'Others are asking; again in a moment.');
    this.#running += 1;
    try {
      return await deed();
    } finally {
      this.#running -= 1;
    }
  }
}

function json(answer: object): StatusReply {
  return { type: 'application/json', text: `${JSON.stringify(answer)}\n` };
}
