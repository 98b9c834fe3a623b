// Which limits the request meets, how much of each it uses, and how it may wait for its turn.

import { beyondBodyLimit } from '../connection/reading/intake.ts';
import type { ParsedHead } from '../http1/head.ts';
import { sizeInWords } from '../settings/describe/words.ts';
import type { Resolved } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import { bodyLimitsOf, requestSpoolOf } from '../worker/context.ts';
import type { Asked } from './asked.ts';
import { type OwnAnswer, type Rule, type Ruler, rulerOf } from './explanation.ts';

export function limitRules(resolved: Resolved, asked: Asked): readonly Rule[] {
  const rule = rulerOf(resolved, 'limits');
  const { head, answer } = asked;
  return [
    rule('worker_connections', 'beyond it nobody is accepted until a connection closes'),
    ...headRules(rule, asked),
    rule('limit_request_body', bodyWords(resolved.settings, asked)),
    ...(head.hasBody ? bodyRules(rule, resolved.settings, asked) : []),
    ...(answer === null
      ? [rule('queue_limit', 'so many may wait for a thread before it; then 503')]
      : []),
  ];
}

function headRules(rule: Ruler, { question, sent }: Asked): readonly Rule[] {
  const line = `${question.method} ${question.target} HTTP/1.1`.length;
  const lines = sent.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${sent[at + 1]}\r\n`.length] : [],
  );
  return [
    rule('limit_request_line', `its request line has ${line} bytes; 414 for a longer one`),
    rule('limit_request_fields', `it has ${lines.length} fields; 431 for more`),
    rule(
      'limit_request_field_size',
      `its longest field has ${Math.max(0, ...lines)} bytes; 431 for a longer one`,
    ),
  ];
}

/** What a body that announces its length is answered before it is read. */
export function bodyAnswer(
  settings: Settings,
  type: 'wsgi' | 'node',
  head: ParsedHead,
): OwnAnswer | null {
  const requestBudget = { limitBytes: requestSpoolOf(settings) };
  const limits = { ...bodyLimitsOf(settings, type), requestBudget };
  const detail = beyondBodyLimit(head.contentLength, limits);
  return detail === null ? null : { status: 413, code: 'body-too-large', detail };
}

function bodyWords({ limit_request_body: limit }: Settings, { head, answer }: Asked): string {
  const beyond = limit === 0 ? '' : '; 413 for a larger one';
  if (!head.hasBody) return `it has no body${beyond}`;
  if (head.contentLength < 0) return `its body does not say how long it is${beyond}`;
  const over = answer?.code === 'body-too-large' && limit > 0 && head.contentLength > limit;
  return `its body has ${head.contentLength} bytes${over ? ': 413' : beyond}`;
}

function bodyRules(rule: Ruler, settings: Settings, { type, answer }: Asked): readonly Rule[] {
  if (!bodyLimitsOf(settings, type).bufferRequests) {
    return [rule('request_buffering', 'its body streams to the application as it comes')];
  }
  const most = sizeInWords(requestSpoolOf(settings));
  return [
    rule('request_buffering', 'its body is complete before a thread sees it'),
    rule('request_memory', 'so much of its body is kept in memory, the rest in a file'),
    rule(
      'worker_spool',
      `for all such files; ${most} of it for request bodies, 413 for a larger one, 503 while others have it`,
    ),
    ...(answer === null ? [rule('tmp_dir', 'where its file is; 507 when that takes no more')] : []),
  ];
}
