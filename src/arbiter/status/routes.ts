// What can be asked at the status address. `/` is the page, which shows nothing of the server by itself; everything else is data.

import { monotonicMs } from '../../clock.ts';
import type { Operator, Steered } from '../control/operator.ts';
import { Refusal } from '../control/refusal.ts';
import { AtOnce } from './at-once.ts';
import type { Live } from './live.ts';
import { type PageFile, readPage } from './page.ts';
import { metricsPage } from './prometheus.ts';
import type { StatusReply, StatusRoute } from './server.ts';
import { Stacks } from './stacks.ts';

const CONNECTIONS_MAX = 50;
/** A worker is asked so much at once and no more (control/questions.ts): places stay for frames and for the control socket. */
const AT_ONCE_MAX = 8;

export interface RouteParts {
  readonly server: Steered;
  readonly operator: Pick<Operator, 'connections' | 'stack' | 'threads'>;
  readonly live: Pick<Live, 'isFull' | 'watch'>;
}

export function routesOf({ server, operator, live }: RouteParts): readonly StatusRoute[] {
  const stacks = new Stacks((worker, thread) => operator.stack(worker, thread), monotonicMs);
  const metrics = new AtOnce(AT_ONCE_MAX);
  const connections = new AtOnce(AT_ONCE_MAX);
  let page: Promise<PageFile> | null = null;
  return [
    {
      path: '/',
      isData: false,
      answer: async () => {
        page ??= readPage();
        // One that is built later is found then.
        page.catch(() => (page = null));
        return { type: 'text/html; charset=utf-8', ...(await page) };
      },
    },
    {
      path: '/metrics',
      isData: true,
      answer: () => metrics.run(() => metricsPage(server, operator)),
    },
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
      answer: async (query) => {
        const thread = query.get('thread') ?? '';
        const worker = query.get('worker') ?? '';
        if (!/^\d{1,9}$/.test(worker) || thread === '') {
          throw new Refusal(400, '/stack?worker=PID&thread=NAME, with a name as /live has it.');
        }
        return json(await stacks.of(Number(worker), thread));
      },
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
        return connections.run(async () =>
          json(await operator.connections(filter, CONNECTIONS_MAX)),
        );
      },
    },
  ];
}

function json(answer: object): StatusReply {
  return { type: 'application/json', text: `${JSON.stringify(answer)}\n` };
}
