// Takes apart the batches that a Node.js thread sends and tells each exchange what is meant for it. A message about a
// request that was answered or given up already finds no exchange and is dropped. The application runs in that thread
// and may have got hold of its port, so nothing is taken for what it should be: what is not is a WireBroken.

import { type AskedAddress, splitAsked } from '../../../wire/addresses.ts';
import { LOG_LEVELS } from '../../../wire/log-levels.ts';
import { type Item, itemToBytes, ToHost } from '../../../wire/node-thread.ts';
import type { Failure } from '../../app-thread.ts';
import type { HostExchange } from './exchange.ts';
import { WireBroken } from './wire-broken.ts';

/** What concerns the thread and not one request. */
export interface ThreadNews {
  /** `asked`: where the program wanted to listen; null when it did not. */
  debuggable(url: string): void;
  booted(asked: AskedAddress | null): void;
  bootFailed(exitCode: number, message: string): void;
  interrupted(ticket: number): void;
  stopped(): void;
  /** The program has closed its HTTP server, or opened another. */
  rest(isResting: boolean): void;
  /** The process is to change to this folder. */
  chdir(folder: string): void;
  log(level: (typeof LOG_LEVELS)[number], text: string): void;
}

/** @throws WireBroken; what came before in the batch has been passed on. */
export function readBatch(
  batch: unknown,
  exchanges: ReadonlyMap<number, HostExchange>,
  news: ThreadNews,
): void {
  if (!Array.isArray(batch)) throw new WireBroken('a message that is no list of operations');
  const items = batch as readonly Item[];
  let at = 0;
  while (at < items.length) {
    const operation = items[at] as number;
    const ticket = items[at + 1] as number;
    const exchange = exchanges.get(ticket);
    switch (operation) {
      case ToHost.whole:
        exchange?.whole(headAt(items, at), bytesAt(items, at + 5));
        at += 6;
        break;
      case ToHost.head:
        exchange?.replyHead(headAt(items, at));
        at += 5;
        break;
      case ToHost.piece:
        exchange?.piece(bytesAt(items, at + 2));
        at += 3;
        break;
      case ToHost.end:
        exchange?.end(textAt(items, at + 2));
        at += 3;
        break;
      case ToHost.failed:
        exchange?.failed(failureAt(items, at));
        at += 5;
        break;
      case ToHost.interim:
        exchange?.interim(textAt(items, at + 2), textAt(items, at + 3));
        at += 4;
        break;
      case ToHost.extend:
        exchange?.extend(amountAt(items, at + 2));
        at += 3;
        break;
      case ToHost.bodyCredit:
        exchange?.start();
        exchange?.grantBody(amountAt(items, at + 2));
        at += 3;
        break;
      case ToHost.bodyDiscard:
        exchange?.endBody();
        at += 2;
        break;
      case ToHost.upgraded:
        exchange?.upgraded();
        at += 2;
        break;
      default:
        at += readNews(operation, items, at, news);
    }
  }
}

/** Answers how many items the operation took. */
function readNews(operation: number, batch: readonly Item[], at: number, news: ThreadNews): number {
  switch (operation) {
    case ToHost.booted:
      news.booted(splitAsked(textAt(batch, at + 1)));
      return 2;
    case ToHost.bootFailed:
      news.bootFailed(amountAt(batch, at + 1), textAt(batch, at + 2));
      return 3;
    case ToHost.interrupted:
      news.interrupted(amountAt(batch, at + 1));
      return 2;
    case ToHost.stopped:
      news.stopped();
      return 1;
    case ToHost.rest:
      news.rest(amountAt(batch, at + 1) === 1);
      return 2;
    case ToHost.chdir:
      news.chdir(textAt(batch, at + 1));
      return 2;
    case ToHost.debuggable:
      news.debuggable(textAt(batch, at + 1));
      return 2;
    case ToHost.log:
      news.log(LOG_LEVELS[amountAt(batch, at + 1)] ?? 'info', textAt(batch, at + 2));
      return 3;
    default:
      throw new WireBroken(`operation ${String(operation)}, which there is none of`);
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
    status: textAt(batch, at + 2),
    fields: textAt(batch, at + 3),
    sendDate: batch[at + 4] === 1,
  };
}

const STATUSES: readonly unknown[] = [500, 502, 503, 504] satisfies Failure['status'][];

function failureAt(batch: readonly Item[], at: number): Failure {
  const status = batch[at + 2];
  if (!STATUSES.includes(status)) throw new WireBroken(`a failure with status ${String(status)}`);
  return {
    status: status as Failure['status'],
    code: textAt(batch, at + 3),
    detail: textAt(batch, at + 4),
  };
}

function textAt(batch: readonly Item[], at: number): string {
  const item = batch[at];
  if (typeof item !== 'string') throw new WireBroken(`${typeof item} where text was due`);
  return item;
}

function amountAt(batch: readonly Item[], at: number): number {
  const item = batch[at];
  if (typeof item === 'number' && item >= 0) return item;
  throw new WireBroken(`${typeof item} where an amount was due`);
}

function bytesAt(batch: readonly Item[], at: number): Buffer {
  const item = batch[at];
  if (typeof item === 'string' || item instanceof ArrayBuffer) return itemToBytes(item);
  throw new WireBroken(`${typeof item} where bytes were due`);
}
