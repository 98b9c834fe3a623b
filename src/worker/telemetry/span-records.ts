// What is told of a request that is over to the thread that makes a span of it.

import type { LoggedExchange } from '../../connection/effects.ts';
import { requestField } from '../../observe/access-record.ts';
import type { SpanRecord } from '../../wire/spans.ts';

/** Clients choose these texts. */
const TEXT_MAX = 1024;
/** As long as a name can be. */
const HOST_MAX = 255;

/** @param nowMs monotonic */
export function spanRecordOf(exchange: LoggedExchange, nowMs: number): SpanRecord | null {
  const { trace, phases, peer, head } = exchange;
  if (trace === null || phases === null) return null;
  const proxy = peer.proxy ?? peer;
  const begun = Number.isNaN(phases.firstByte) ? exchange.beganMs : phases.firstByte;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId ?? '',
    state: trace.state,
    method: head.method.slice(0, TEXT_MAX),
    path: head.path.slice(0, TEXT_MAX),
    scheme: peer.scheme,
    host: (head.host ?? '').slice(0, HOST_MAX),
    client: peer.address,
    peer: proxy.address,
    // The path of a unix socket is nobody's address.
    serverName: peer.serverPort === 0 ? '' : peer.serverName,
    agent: (requestField(head.fields, 'user-agent') ?? '').slice(0, TEXT_MAX),
    endCode: exchange.endCode,
    failureCode: exchange.failureCode,
    thread: exchange.threadName,
    minorVersion: head.minorVersion,
    clientPort: peer.port,
    peerPort: proxy.port,
    serverPort: peer.serverPort,
    status: Number.parseInt(exchange.status, 10) || 0,
    bodyBytes: exchange.bodyBytes,
    begun,
    submitted: phases.submitted,
    started: phases.started,
    responding: phases.responding,
    answered: phases.answered,
    ended: Number.isNaN(phases.ended) ? nowMs : phases.ended,
  };
}
