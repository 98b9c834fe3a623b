// The line of the error log about a request whose time was up: who asked for what, for how long it ran, on which thread,
// which case it is, and the stack. What a client sent is escaped: no request can end the line or forge another.

import { OVERDUE_CASES } from '../../connection/states/overdue-cases.ts';
import type { OverdueReport } from '../../dispatch/overdue.ts';
import { escapeValue } from '../../observe/escape.ts';
import { clientInWords, withoutQuery } from '../../observe/request-words.ts';
import type { Failure, Finding, Job } from '../../threads/app-thread.ts';
import type { LogLine } from './black-box.ts';

/** Waiting for a thread for less than this is no news, ms. */
const QUEUED_MS = 100;

/** A request that ran on although its client had gone or had its whole response. */
export interface UnheardReport extends Finding {
  readonly job: Job;
  /** Name of the thread that had it. */
  readonly thread: string;
  /** For how long nobody had listened, ms. */
  readonly forMs: number;
}

/** @param limitSeconds what the setting says that passed, if one did */
export function overdueLine(report: OverdueReport, limitSeconds: number): LogLine {
  const { job, thread, stack } = report;
  const { method, path, client } = whose(job);
  const answered = report.setting === 'timeout';
  const message = [
    `${method} ${path} from ${client} ${report.byOperator ? 'was interrupted by an operator after' : 'ran for'} `,
    `${seconds(report.ranMs)} s${queued(report)} on ${thread} (${why(report, limitSeconds)}) and was `,
    `${answered ? 'answered 504' : 'cut off'}: ${OVERDUE_CASES[report.case].words}.`,
    stack === '' ? '' : `\n${stack.trimEnd()}`,
  ].join('');
  const facts = {
    ...coded(report),
    method,
    path,
    client,
    ...traceFact(job),
    thread,
    case: report.case,
    age: Number(seconds(report.ageMs)),
    ran: Number(seconds(report.ranMs)),
    ...(report.extendedMs > 0 ? { extended: Number(seconds(report.extendedMs)) } : {}),
    stack,
  };
  return { message, facts };
}

/** @param limitSeconds what `timeout` says */
export function unheardLine(report: UnheardReport, limitSeconds: number): LogLine {
  const { job, thread, stack, forMs } = report;
  const { method, path, client } = whose(job);
  const message = [
    `${method} ${path} from ${client} ran on for ${seconds(forMs)} s on ${thread} after its client had gone or had `,
    `the whole response (timeout ${limitSeconds} s): ${OVERDUE_CASES[report.case].words}.`,
    stack === '' ? '' : `\n${stack.trimEnd()}`,
  ].join('');
  const ran = Number(seconds(forMs));
  const facts = {
    code: 'unheard-overdue',
    method,
    path,
    client,
    ...traceFact(job),
    thread,
    case: report.case,
    ran,
    stack,
  };
  return { message, facts };
}

/** No thread was there for it in time. */
export function shedLine(request: Asked, failure: Failure): LogLine {
  const { method, path, client } = whose(request);
  const { code, status, detail } = failure;
  const message = `${method} ${path} from ${client} was answered ${status}: ${detail}`;
  return { message, facts: { code, status, method, path, client, ...traceFact(request) } };
}

/** The loop of a Node.js thread stood still for longer than a request may, and none was past its time. */
export function standstillLine(thread: string, standstillMs: number, found: Finding): LogLine {
  const { stack } = found;
  const message = [
    `${thread} stood still for ${seconds(standstillMs)} s although no request was past its time: `,
    `${OVERDUE_CASES[found.case].words}.`,
    stack === '' ? '' : `\n${stack.trimEnd()}`,
  ].join('');
  const ran = Number(seconds(standstillMs));
  return { message, facts: { code: 'unheard-overdue', thread, case: found.case, ran, stack } };
}

type Asked = Pick<Job, 'head' | 'peer' | 'trace'>;

function whose(job: Asked): { method: string; path: string; client: string } {
  return {
    method: escapeValue(job.head.method),
    path: escapeValue(withoutQuery(job.head.target)),
    client: clientInWords(job.peer),
  };
}

/** By which its span is found, where there is one. */
export function traceFact({ trace }: Pick<Job, 'trace'>): { readonly trace_id?: string } {
  return trace?.sampled ? { trace_id: trace.traceId } : {};
}

function queued({ ageMs, ranMs }: OverdueReport): string {
  const waitedMs = ageMs - ranMs;
  return waitedMs < QUEUED_MS ? '' : ` after ${seconds(waitedMs)} s in the queue`;
}

function coded({ byOperator, setting }: OverdueReport): { readonly code: string } {
  if (byOperator) return { code: 'operator-interrupt' };
  return { code: setting === 'timeout' ? 'overdue' : 'stream-overdue' };
}

function why(report: OverdueReport, limitSeconds: number): string {
  if (report.byOperator) return 'ctl interrupt';
  return `${report.setting} ${limitSeconds} s${extended(report)}`;
}

function extended({ extendedMs }: OverdueReport): string {
  return extendedMs > 0 ? `, extended to ${seconds(extendedMs)} s` : '';
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
