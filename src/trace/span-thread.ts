// The thread of a worker that sends spans with OpenTelemetry's SDK: makes them of what the worker's loop tells, has the SDK batch and
// send them, and tells what became of them. Whatever a receiver does, hanging included, it does to this thread alone.

import { parentPort, workerData } from 'node:worker_threads';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { messageOf } from '../message-of.ts';
import { packageVersion } from '../package-folder.ts';
import { goBehindOthers, ownSystemThread } from '../system-thread.ts';
import {
  type FromSpanThread,
  recordsOf,
  type SpanThreadData,
  type ToSpanThread,
} from '../wire/spans.ts';
import { loadSdk, type Sdk } from './sdk.ts';
import { type Origin, spanOf } from './span-of.ts';

if (parentPort === null) throw new Error('span-thread runs in a worker_threads thread');
const port = parentPort;
const data = workerData as SpanThreadData;

type Exporter = InstanceType<Sdk['exporter']['OTLPTraceExporter']>;
type Result = Parameters<Parameters<Exporter['export']>[1]>[0];

function say(message: FromSpanThread): void {
  port.postMessage(message);
}

/** Sends as the official exporter does, and tells how that ended. */
class Counted {
  readonly #exporter: Exporter;

  constructor(exporter: Exporter) {
    this.#exporter = exporter;
  }

  export(spans: ReadableSpan[], done: (result: Result) => void): void {
    this.#exporter.export(spans, (result) => {
      // ExportResultCode.SUCCESS
      const isSent = result.code === 0;
      const why = isSent ? '' : messageOf(result.error ?? 'the receiver did not take them');
      say({ sent: isSent ? spans.length : 0, lost: isSent ? 0 : spans.length, why });
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }
}

/** As the SDK's own set-up reads it; its classes want it as an option. */
function numberIn(variable: string): number | undefined {
  const number = Number(process.env[variable]);
  return process.env[variable] && number > 0 ? number : undefined;
}

function processorOf({ trace, exporter }: Sdk) {
  const counted = new Counted(new exporter.OTLPTraceExporter({ url: data.url }));
  return new trace.BatchSpanProcessor({
    exporter: counted,
    // More are never under way, so that it drops none by itself.
    maxQueueSize: data.room,
    maxExportBatchSize: numberIn('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? 512,
    scheduledDelayMillis: numberIn('OTEL_BSP_SCHEDULE_DELAY') ?? 5000,
    exportTimeoutMillis: numberIn('OTEL_BSP_EXPORT_TIMEOUT') ?? 30_000,
  });
}

function originOf({ resources }: Sdk): Origin {
  const { defaultResource, detectResources, envDetector, hostDetector } = resources;
  const own = resources.resourceFromAttributes({
    'service.name': data.service,
    'process.pid': process.pid,
  });
  const found = detectResources({ detectors: [hostDetector, envDetector] });
  return {
    resource: defaultResource().merge(own).merge(found),
    scope: { name: 'tunicorn', version: packageVersion() },
  };
}

try {
  // The loop and the application go first.
  goBehindOthers(ownSystemThread());
  const sdk = loadSdk(data.folder);
  const processor = processorOf(sdk);
  const origin = originOf(sdk);
  await origin.resource.waitForAsyncAttributes?.();
  port.on('message', (message: ToSpanThread) => {
    if ('flush' in message) {
      // What cannot be sent was told span by span.
      void processor.forceFlush().then(
        () => say({ flushed: true }),
        () => say({ flushed: true }),
      );
      return;
    }
    for (const record of recordsOf(message.spans)) {
      processor.onEnd(spanOf(record, message.spans.epochMs, origin, sdk.api));
    }
  });
  say({ ready: true });
} catch (error) {
  say({ failed: messageOf(error) });
}
