// What is told of single requests to those who look for where their time went: traces, and Server-Timing.

import type { Section } from '../declaration.ts';

export const tracing = {
  title: 'Tracing',
  about:
    'Where the time of a request went: a span for OpenTelemetry, and `Server-Timing` for a browser. [tracing.md](tracing.md) says how to look at traces, and how the spans of an application come below ours.',
  settings: {
    otlp_endpoint: {
      kind: 'text',
      form: 'otlp endpoint',
      default: null,
      flags: ['--otlp-endpoint'],
      placeholder: 'URL',
      gunicorn: 'new',
      meaning: 'Send spans of sampled requests there, such as http://127.0.0.1:4318.',
      details:
        'OTLP over HTTP (protobuf) of a collector or a backend; `/v1/traces` is added where the path does not end with it. The SDK of OpenTelemetry, which is installed beside Tunicorn, reads ' +
        'its own variables: OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE, OTEL_BSP_*, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES. Without a name of the service it is `proc_name`.',
      doesNot:
        'It never makes a request wait: what cannot be sent in time is dropped and counted (`tunicorn_spans_dropped_total`).',
    },
    otlp_sample: {
      kind: 'text',
      form: 'share',
      default: '1',
      flags: ['--otlp-sample'],
      placeholder: 'SHARE',
      gunicorn: 'new',
      meaning: 'Which share of the requests is sampled: 0.1, or 10%.',
      details:
        'Of those that belong to no trace yet; the others go by `otlp_parents`. The application is told in `traceparent` and should do as we do, so that traces are whole.',
    },
    otlp_parents: {
      kind: 'choice',
      choices: ['follow', 'ignore'],
      default: 'follow',
      flags: ['--otlp-parents'],
      gunicorn: 'new',
      meaning: 'What a `traceparent` that comes with a request counts for.',
      details:
        '`follow`: the request belongs to that trace, and is sampled if its caller was. `ignore`: it begins a trace of its own, by `otlp_sample`: where strangers ask, who could have all their requests sampled.',
    },
    server_timing: {
      kind: 'list',
      form: 'network',
      separator: ',',
      default: [],
      flags: ['--server-timing'],
      placeholder: 'NETWORKS',
      gunicorn: 'new',
      meaning: 'Clients that see in `Server-Timing` where the time went.',
      details:
        'Addresses and networks such as `10.0.0.0/8`, or `*` for everybody. The address is that of the connection, or the one that a trusted proxy names. Browsers show it beside each request.',
      doesNot:
        'Nobody else is told: how long something takes may tell a stranger what it did. An application that sends the field itself still does.',
    },
  },
} as const satisfies Section;
