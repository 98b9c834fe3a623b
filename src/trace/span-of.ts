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

/** The response left whole (connection/end-codes.ts). */
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
    attributes: {
      ...requestAttributes(record),
      ...peerAttributes(record),
      ...ownAttributes(record),
      ...(error === null ? {} : { 'error.type': error }),
    },
    events: eventsOf(record).map(({ name, ms }) => {
      return { name, time: at(ms), attributes: {}, droppedAttributesCount: 0 };
    }),
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

function requestAttributes(record: SpanRecord): Attributes {
  const { method, path, scheme, status, agent, minorVersion } = record;
  const isKnown = METHODS.has(method);
  return {
    'http.request.method': isKnown ? method : '_OTHER',
    ...(isKnown || method === '' ? {} : { 'http.request.method_original': method }),
    'url.path': path,
    'url.scheme': scheme,
    'network.protocol.name': 'http',
    'network.protocol.version': `1.${minorVersion}`,
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
    ...(agent === '' ? {} : { 'user_agent.original': agent }),
  };
}

/** Where the client meant to go by what it said, else where it came to; who it is, and who is connected. */
function peerAttributes(record: SpanRecord): Attributes {
  const { host, scheme, client, clientPort, peer, peerPort, serverName, serverPort } = record;
  const said = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host);
  const address = said?.[1]?.replace(/^\[|\]$/g, '') || serverName;
  const port = said?.[1] ? Number(said[2] ?? (scheme === 'https' ? 443 : 80)) : serverPort;
  return {
    ...(address === '' ? {} : { 'server.address': address }),
    ...(address === '' || port === 0 ? {} : { 'server.port': port }),
    ...(client === '' ? {} : { 'client.address': client }),
    ...(clientPort === 0 ? {} : { 'client.port': clientPort }),
    ...(peer === '' ? { 'network.transport': 'unix' } : { 'network.peer.address': peer }),
    ...(peerPort === 0 ? {} : { 'network.peer.port': peerPort }),
  };
}

/** Milliseconds, as the access log has them. */
function ownAttributes(record: SpanRecord): Attributes {
  const { submitted, started, answered, ended, thread, endCode, bodyBytes } = record;
  return {
    'tunicorn.end_code': endCode,
    ...(thread === '' ? {} : { 'tunicorn.thread': thread }),
    'tunicorn.response_body_bytes': bodyBytes,
    ...phase('tunicorn.queue_ms', submitted, earliest(started, answered, ended)),
    ...phase('tunicorn.application_ms', started, earliest(answered, ended)),
    ...phase('tunicorn.write_ms', answered, ended),
  };
}

function phase(name: string, fromMs: number, toMs: number): Attributes {
  return Number.isNaN(fromMs) ? {} : { [name]: Math.round((toMs - fromMs) * 1000) / 1000 };
}

/** The first of them that came. */
function earliest(...moments: readonly number[]): number {
  return moments.find((ms) => !Number.isNaN(ms)) ?? Number.NaN;
}

/** In the order in which they came. */
function eventsOf(record: SpanRecord): { readonly name: string; readonly ms: number }[] {
  return [
    { name: 'queued', ms: record.submitted },
    { name: 'thread began', ms: record.started },
    { name: 'response began', ms: record.responding },
    { name: 'answered', ms: record.answered },
  ].filter(({ ms }) => !Number.isNaN(ms));
}

/** Seconds and nanoseconds, to the microsecond: a double holds no more of a date. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1000) * 1000];
}
