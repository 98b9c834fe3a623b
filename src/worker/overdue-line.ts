// The line of the error log about a request whose time was up: who asked for what, for how long it ran, on which thread,
// which case it is, and the stack. What a client sent is escaped: no request can end the line or forge another.

import { OVERDUE_CASES } from '../connection/overdue-cases.ts';
import type { OverdueReport } from '../dispatch/overdue.ts';
import { escapeValue } from '../observe/escape.ts';
import type { LogFacts } from '../observe/log.ts';
import type { Peer } from '../threads/app-thread.ts';

/** Waiting for a thread for less than this is no news, ms. */
const QUEUED_MS = 100;

export interface OverdueLine {
  readonly message: string;
  readonly facts: LogFacts;
}

/** @param limitSeconds what the setting says that passed */
export function overdueLine(report: OverdueReport, limitSeconds: number): OverdueLine {
  const { setting, job, thread, stack } = report;
  const method = escapeValue(job.head.method);
  // Without the query, which may hold a secret; the access log has it where its format asks for it.
  const path = escapeValue(job.head.target.split('?', 1)[0] ?? '');
  const client = clientOf(job.peer);
  const answered = setting === 'timeout';
  const message = [
    `${method} ${path} from ${client} ran for `,
    `${seconds(report.ranMs)} s${queued(report)} on ${thread} (${setting} ${limitSeconds} s${extended(report)}) and was `,
    `${answered ? 'answered 504' : 'cut off'}: ${OVERDUE_CASES[report.case].words}.`,
    stack === '' ? '' : `\n${stack.trimEnd()}`,
  ].join('');
  const facts = {
    code: answered ? 'overdue' : 'stream-overdue',
    method,
    path,
    client,
    thread,
    case: report.case,
    age: Number(seconds(report.ageMs)),
    ran: Number(seconds(report.ranMs)),
    ...(report.extendedMs > 0 ? { extended: Number(seconds(report.extendedMs)) } : {}),
    stack,
  };
  return { message, facts };
}

function queued({ ageMs, ranMs }: OverdueReport): string {
  const waitedMs = ageMs - ranMs;
  return waitedMs < QUEUED_MS ? '' : ` after ${seconds(waitedMs)} s in the queue`;
}

function extended({ extendedMs }: OverdueReport): string {
  return extendedMs > 0 ? `, extended to ${seconds(extendedMs)} s` : '';
}

function clientOf({ address, port }: Peer): string {
  if (address === '') return 'a unix socket';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
