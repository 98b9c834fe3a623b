// A request that is over as a span of OpenTelemetry: what its semantic conventions for HTTP servers ask for, and what only this server
// knows under names of its own (docs/tracing.md has them all). Pure.

import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanRecord } from '../wire/spans.ts';

/** Who tells of the span. */
export interface Origin {
  readonly resource: Resource;
  readonly scope: { readonly name: string; readonly version: string };
}

/** Numbers that the protocol fixes, by the SDK's names for them. */
type Names = Pick<
  typeof import('@opentelemetry/api'),
  'SpanKind' | 'SpanStatusCode' | 'TraceFlags' | 'createTraceState'
>;

/** RFC 9110 and RFC 5789; any other is `_OTHER`, because clients make up methods and backends count by them. */
const METHODS = new Set('CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE'.split(' '));

/** The response left whole (connection/states/end-codes.ts). */
const WHOLE = '--';

export function spanOf(
  record: SpanRecord,
  epochMs: number,
  { resource, scope }: Origin,
  names: Names,
): ReadableSpan {
  const at = (ms: number): HrTime => hrTime(epochMs + ms);
  const { begun, ended, traceId, spanId, parentId } = record;
  const state = record.state === '' ? {} : { traceState: names.createTraceState(record.state) };
  const own: SpanContext = { traceId, spanId, traceFlags: names.TraceFlags.SAMPLED, ...state };
  const parent = { ...own, spanId: parentId, isRemote: true };
  const error = errorOf(record);
  const method = METHODS.has(record.method) ? record.method : 'HTTP';
  return {
    name: method,
    kind: names.SpanKind.SERVER,
    spanContext: () => own,
    ...(parentId === '' ? {} : { parentSpanContext: parent }),
    startTime: at(begun),
    endTime: at(ended),
    duration: hrTime(ended - begun),
    ended: true,
    status: {
      code: error === null ? names.SpanStatusCode.UNSET : names.SpanStatusCode.ERROR,
    },
    attributes: attributesOf(record, error),
    events: eventsOf(record, epochMs),
    links: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** A client that is refused made a mistake of its own, which is none of the server's (semantic conventions, HTTP server). */
function errorOf({ status, endCode, failureCode }: SpanRecord): string | null {
  if (status >= 400 && status < 500) return null;
  if (failureCode !== '') return failureCode;
  if (status >= 500) return String(status);
  return endCode === WHOLE ? null : endCode;
}

/** Written one by one: put together of smaller objects they take several times as long. */
function attributesOf(record: SpanRecord, error: string | null): Attributes {
  const { method, status, agent } = record;
  const isKnown = METHODS.has(method);
  const found: Attributes = {
    'http.request.method': isKnown ? method : '_OTHER',
    'url.path': record.path,
    'url.scheme': record.scheme,
    'network.protocol.name': 'http',
    'network.protocol.version': record.minorVersion === 0 ? '1.0' : '1.1',
    'tunicorn.end_code': record.endCode,
    'tunicorn.response_body_bytes': record.bodyBytes,
  };
  if (!isKnown && method !== '') found['http.request.method_original'] = method;
  if (status !== 0) found['http.response.status_code'] = status;
  if (agent !== '') found['user_agent.original'] = agent;
  if (error !== null) found['error.type'] = error;
  if (record.thread !== '') found['tunicorn.thread'] = record.thread;
  addPeers(found, record);
  addPhases(found, record);
  return found;
}

/** Where the client meant to go by what it said, else where it came to; who it is, and who is connected. */
function addPeers(found: Attributes, record: SpanRecord): void {
  const { host, scheme, client, clientPort, peer, peerPort, serverName, serverPort } = record;
  const said = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host);
  const address = said?.[1]?.replace(/^\[|\]$/g, '') || serverName;
  const port = said?.[1] ? Number(said[2] ?? (scheme === 'https' ? 443 : 80)) : serverPort;
  if (address !== '') found['server.address'] = address;
  if (address !== '' && port !== 0) found['server.port'] = port;
  if (client !== '') found['client.address'] = client;
  if (clientPort !== 0) found['client.port'] = clientPort;
  if (peer === '') found['network.transport'] = 'unix';
  else found['network.peer.address'] = peer;
  if (peerPort !== 0) found['network.peer.port'] = peerPort;
}

/** Milliseconds, as the access log has them. */
function addPhases(found: Attributes, record: SpanRecord): void {
  const { submitted, started, answered, ended } = record;
  const add = (name: string, fromMs: number, toMs: number): void => {
    if (!Number.isNaN(fromMs)) found[name] = Math.round((toMs - fromMs) * 1000) / 1000;
  };
  add('tunicorn.queue_ms', submitted, earliest(started, answered, ended));
  add('tunicorn.application_ms', started, earliest(answered, ended));
  add('tunicorn.write_ms', answered, ended);
}

/** The first of them that came. */
function earliest(...moments: readonly number[]): number {
  return moments.find((ms) => !Number.isNaN(ms)) ?? Number.NaN;
}

/** In the order in which they came. */
function eventsOf(record: SpanRecord, epochMs: number): ReadableSpan['events'] {
  const events: ReadableSpan['events'] = [];
  const add = (name: string, ms: number): void => {
    if (!Number.isNaN(ms)) events.push({ name, time: hrTime(epochMs + ms) });
  };
  add('queued', record.submitted);
  add('thread began', record.started);
  add('response began', record.responding);
  add('answered', record.answered);
  return events;
}

/** Seconds and nanoseconds, to the microsecond: a double holds no more of a date. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1000) * 1000];
}
