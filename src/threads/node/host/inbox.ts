// Takes apart the batches that a Node.js thread sends and tells each exchange what is meant for it. A message about a
// request that was answered or given up already finds no exchange and is dropped.

import { type Item, itemToBytes, ToHost } from '../../../wire/node-thread.ts';
import type { Failure } from '../../app-thread.ts';
import type { HostExchange } from './exchange.ts';

/** What concerns the thread and not one request. */
export interface ThreadNews {
  booted(): void;
  bootFailed(exitCode: number, message: string): void;
  interrupted(ticket: number): void;
  stopped(): void;
}

export function readBatch(
  batch: readonly Item[],
  exchanges: ReadonlyMap<number, HostExchange>,
  news: ThreadNews,
): void {
  let at = 0;
  while (at < batch.length) {
    const operation = batch[at] as number;
    const ticket = batch[at + 1] as number;
    const exchange = exchanges.get(ticket);
    switch (operation) {
      case ToHost.whole:
        exchange?.whole(headAt(batch, at), itemToBytes(batch[at + 5] as string | ArrayBuffer));
        at += 6;
        break;
      case ToHost.head:
        exchange?.replyHead(headAt(batch, at));
        at += 5;
        break;
      case ToHost.piece:
        exchange?.piece(itemToBytes(batch[at + 2] as string | ArrayBuffer));
        at += 3;
        break;
      case ToHost.end:
        exchange?.end(batch[at + 2] as string);
        at += 3;
        break;
      case ToHost.failed:
        exchange?.failed(failureAt(batch, at));
        at += 5;
        break;
      case ToHost.interim:
        exchange?.interim(batch[at + 2] as string, batch[at + 3] as string);
        at += 4;
        break;
      case ToHost.extend:
        exchange?.extend(batch[at + 2] as number);
        at += 3;
        break;
      case ToHost.bodyCredit:
        exchange?.start();
        exchange?.grantBody(batch[at + 2] as number);
        at += 3;
        break;
      case ToHost.bodyDiscard:
        exchange?.endBody();
        at += 2;
        break;
      default:
        at += readNews(operation, batch, at, news);
    }
  }
}

/** Answers how many items the operation took. */
function readNews(operation: number, batch: readonly Item[], at: number, news: ThreadNews): number {
  switch (operation) {
    case ToHost.booted:
      news.booted();
      return 1;
    case ToHost.bootFailed:
      news.bootFailed(batch[at + 1] as number, batch[at + 2] as string);
      return 3;
    case ToHost.interrupted:
      news.interrupted(batch[at + 1] as number);
      return 2;
    case ToHost.stopped:
      news.stopped();
      return 1;
    default:
      throw new Error(`A Node.js thread sent operation ${operation}, which there is none of.`);
  }
}

function headAt(
  batch: readonly Item[],
  at: number,
): {
  status: string;
  fields: string;
  sendDate: boolean;
} {
  return {
    status: batch[at + 2] as string,
    fields: batch[at + 3] as string,
    sendDate: batch[at + 4] === 1,
  };
}

function failureAt(batch: readonly Item[], at: number): Failure {
  return {
    status: batch[at + 2] as Failure['status'],
    code: batch[at + 3] as string,
    detail: batch[at + 4] as string,
  };
}
