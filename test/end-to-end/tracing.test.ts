// Traces of a real server, as a receiver of OTLP gets them: Flask and Node.js under load, what their applications are told, requests
// that are timed out and shed, and a receiver that answers nobody. Seen to fail: spans that the application is not told of, a share
// that is not kept, and a queue of spans without a bound.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { freePort } from '../support/listening-socket.ts';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp.ts';
import {
  ask,
  eventually,
  fieldOf,
  json,
  NODE_APPS,
  type Place,
  ROOT,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${CALLER}-01`;
const NOT_SAMPLED = `00-${TRACE}-${CALLER}-00`;

const SOON: Place = { env: { OTEL_BSP_SCHEDULE_DELAY: '100' } };

interface Told {
  readonly parent: string | null;
  readonly state: string | null;
}

async function told(served: Served, ...fields: readonly string[]): Promise<Told> {
  return json(await ask(served, '/told', { fields })) as Told;
}

/** So many requests over a few connections. */
async function load(served: Served, requests: number, path: string): Promise<string[]> {
  const bodies: string[] = [];
  const clients = await Promise.all(Array.from({ length: 8 }, () => served.connect()));
  await Promise.all(
    clients.map(async (client) => {
      for (let n = 0; n < requests / clients.length; n++) {
        bodies.push((await client.get(path)).body.toString());
      }
      client.destroy();
    }),
  );
  return bodies;
}

async function spansOf(
  receiver: OtlpReceiver,
  path: string,
  count: number,
): Promise<ReceivedSpan[]> {
  return eventually(() => {
    const spans = receiver.of(path);
    return spans.length >= count ? spans : undefined;
  }, `${count} spans of ${path}`);
}

/** Span ids that applications were told, of those that are sampled. */
function sampledIds(bodies: readonly string[]): string[] {
  return bodies.flatMap((body) => {
    const { parent } = JSON.parse(body) as Told;
    const [, id] = /^00-[\da-f]{32}-([\da-f]{16})-01$/.exec(parent ?? '') ?? [];
    return id === undefined ? [] : [id];
  });
}

const KINDS = [
  { kind: 'Flask', serve: serveWsgi, app: 'traced:app' },
  { kind: 'Node.js', serve: serveNode, app: './traced.mjs' },
] as const;

for (const { kind, serve, app } of KINDS) {
  describe(`traces of ${kind}`, () => {
    let receiver: OtlpReceiver;
    let served: Served;
    let log: string;

    before(async () => {
      receiver = await OtlpReceiver.open();
      log = join(await temporaryFolder(), 'access.log');
      served = await serve(
        app,
        [
          ...['--otlp-endpoint', receiver.url, '--server-timing', '127.0.0.2,127.0.0.1'],
          ...['--threads', '2', '--thread-concurrency', '1', '--timeout', '2'],
          ...['--queue-timeout', '0.5', '--name', 'shop'],
          ...['--log-json', '--access-logfile', log],
        ],
        SOON,
      );
    });

    test('a request of a sampled trace is a span of it, and the parent of what its application makes', async () => {
      const { parent, state } = await told(served, `Traceparent: ${SAMPLED}`, 'tracestate: a=1');
      const span = await eventually(
        () => receiver.spans.find(({ traceId, parentId }) => traceId === TRACE && parentId !== ''),
        'the span',
      );
      assert.equal(parent, `00-${TRACE}-${span.spanId}-01`);
      assert.equal(state, 'a=1');
      assert.deepEqual([span.parentId, span.state, span.kind], [CALLER, 'a=1', 2]);
    });

    test('a trace that its caller has not sampled goes to the application as it came, and is no span', async () => {
      const { parent } = await told(served, `traceparent: ${NOT_SAMPLED}`);
      assert.equal(parent, NOT_SAMPLED);
    });

    test('what is no traceparent begins a trace, to which no tracestate belongs', async () => {
      const { parent, state } = await told(served, 'traceparent: 00-nonsense', 'tracestate: a=1');
      assert.match(parent ?? '', /^00-[\da-f]{32}-[\da-f]{16}-01$/);
      assert.equal(state, null);
    });

    test('a span says what was asked, what was answered and when what happened', async () => {
      await ask(served, '/stream?secret=1', {
        fields: ['Host: shop.example:8443', 'User-Agent: me'],
      });
      const [span] = await spansOf(receiver, '/stream', 1);
      assert.ok(span);
      const { attributes, resource } = span;
      assert.equal(span.name, 'GET');
      assert.equal(span.status, 0);
      assert.equal(span.scope, 'tunicorn');
      assert.equal(resource['service.name'], 'shop');
      const said = [
        ...['http.request.method', 'url.scheme', 'network.protocol.version', 'server.address'],
        ...['client.address', 'network.peer.address', 'user_agent.original', 'tunicorn.end_code'],
      ].map((name) => attributes[name]);
      const local = '127.0.0.1';
      assert.deepEqual(said, ['GET', 'http', '1.1', 'shop.example', local, local, 'me', '--']);
      assert.equal(attributes['http.response.status_code'], 200);
      assert.equal(attributes['server.port'], 8443);
      assert.equal(
        JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? 0 : value)).includes(
          'secret',
        ),
        false,
      );
      const names = span.events.map(({ name }) => name);
      assert.deepEqual(names, ['queued', 'thread began', 'response began', 'answered']);
      const times = [span.start, ...span.events.map(({ time }) => time), span.end];
      assert.deepEqual(
        times,
        times.toSorted((one, other) => Number(one - other)),
      );
      // 50 ms lie between the two pieces of its body.
      const [, , responding = 0n, answered = 0n] = span.events.map(({ time }) => time);
      assert.ok(answered - responding > 30_000_000n, `${answered - responding} ns`);
    });

    test('each request under load is one span, and no two are the same', async () => {
      const bodies = await load(served, 200, '/told?load');
      const ids = sampledIds(bodies);
      assert.equal(new Set(ids).size, 200);
      const spans = await eventually(() => {
        const found = receiver.spans.filter(({ spanId }) => ids.includes(spanId));
        return found.length >= 200 ? found : undefined;
      }, '200 spans');
      assert.equal(spans.length, 200);
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 200);
    });

    test('Server-Timing and the span say what the access log says', async () => {
      const reply = await ask(served, '/work?ms=100');
      const timing = fieldOf(reply, 'server-timing') ?? '';
      const dur = (name: string): number =>
        Number(new RegExp(`\\b${name};dur=([\\d.]+)`).exec(timing)?.[1]);
      const line = await eventually(async () => {
        const lines = (await readFile(log, 'utf8')).split('\n');
        return lines.find((each) => each.includes('/work'));
      }, 'the line');
      const logged = JSON.parse(line) as Record<string, number | string>;
      assert.equal(dur('queue'), logged['queue_ms']);
      assert.equal(dur('head'), logged['head_ms']);
      // The response begins a moment before all of it was said; a busy machine stretches that moment.
      const apart = Number(logged['application_ms']) - dur('application');
      assert.ok(dur('application') >= 95 && apart >= 0 && apart < 100, `${timing} ${line}`);
      const [span] = await spansOf(receiver, '/work', 1);
      assert.deepEqual(
        [span?.traceId, span?.spanId, span?.attributes['tunicorn.queue_ms']],
        [logged['trace_id'], logged['span_id'], logged['queue_ms']],
      );
    });

    test('what is answered 500, timed out or shed is an error of its kind, and found from the error log', async () => {
      await ask(served, '/fail');
      const hanging = [ask(served, '/hang'), ask(served, '/hang')];
      const first = await Promise.all([...hanging, ask(served, '/hang?third')]);
      assert.deepEqual(first.map(({ status }) => status).sort(), [503, 504, 504]);
      const [failed] = await spansOf(receiver, '/fail', 1);
      const hung = await spansOf(receiver, '/hang', 3);
      const errors = [failed, ...hung].map((span) => span?.attributes['error.type']);
      assert.deepEqual(errors.sort(), ['500', 'overdue', 'overdue', 'queue-timeout']);
      assert.ok([failed, ...hung].every((span) => span?.status === 2));
      const lines = served
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{'));
      const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const code of ['overdue', 'queue-timeout']) {
        const { trace_id: traceId } = said.find((line) => line['code'] === code) ?? {};
        const found = hung.find((span) => span.traceId === traceId);
        assert.equal(found?.attributes['error.type'], code, served.log());
      }
      const shed = hung.find(({ attributes }) => attributes['error.type'] === 'queue-timeout');
      assert.ok(Number(shed?.attributes['tunicorn.queue_ms']) > 300);
      assert.equal(shed?.attributes['tunicorn.thread'], undefined);
    });
  });

  test(`without tracing ${kind} is given what came, byte for byte, and nobody is told of times`, async () => {
    const served = await serve(app, []);
    const odd = '00-NOT-one-of-ours-01';
    assert.deepEqual(await told(served, `traceparent: ${odd}`, 'tracestate: ,,'), {
      parent: odd,
      state: ',,',
    });
    assert.equal((await told(served)).parent, null);
    assert.equal(fieldOf(await ask(served, '/told'), 'server-timing'), null);
  });
}

test('of ten requests one is sampled, its application knows which, and strangers choose nothing', async () => {
  const receiver = await OtlpReceiver.open();
  const args = ['--otlp-endpoint', `${receiver.url}/base/`, '--otlp-sample', '10%'];
  const env = { OTEL_SERVICE_NAME: 'till', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret' };
  const served = await serveNode('./traced.mjs', [...args, '--otlp-parents', 'ignore'], { env });
  const ids = sampledIds(await load(served, 1000, '/told'));
  // Five standard deviations: once in a million runs it is more.
  assert.ok(ids.length > 52 && ids.length < 148, `${ids.length} of 1000`);
  const { parent } = await told(served, `traceparent: ${SAMPLED}`);
  assert.equal(parent?.includes(TRACE), false);
  // What is under way is sent before the server ends.
  await served.stop();
  const sent = receiver.spans.map(({ spanId }) => spanId);
  const all = [...ids, ...sampledIds([JSON.stringify({ parent })])];
  assert.deepEqual(sent.toSorted(), all.toSorted());
  assert.deepEqual(
    new Set(receiver.spans.map(({ resource }) => resource['service.name'])),
    new Set(['till']),
  );
  assert.ok(receiver.exports.every(({ path }) => path === '/base/v1/traces'));
  assert.ok(receiver.exports.every(({ headers }) => headers['x-key'] === 'secret'));
});

test('a receiver that answers nobody holds up no request and no end; what is dropped is counted and said once in ten seconds', async () => {
  const receiver = await OtlpReceiver.open();
  receiver.mood = 'silent';
  const port = await freePort();
  const args = ['--otlp-endpoint', receiver.url, '--status-bind', `127.0.0.1:${port}`];
  const env = { ...SOON.env, OTEL_EXPORTER_OTLP_TIMEOUT: '300' };
  const servedMs = performance.now();
  const served = await serveNode('./traced.mjs', args, { env });
  const bodies = await load(served, 12_000, '/');
  assert.ok(bodies.every((body) => body === 'hello'));
  const countOf = async (what: 'exported' | 'dropped'): Promise<number> => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(new RegExp(`^tunicorn_spans_${what}_total (\\d+)`, 'm').exec(page)?.[1]);
  };
  const dropped = await eventually(async () => {
    const count = await countOf('dropped');
    return count > 2000 ? count : undefined;
  }, 'dropped spans');
  assert.ok(dropped <= 12_000);
  assert.equal(await countOf('exported'), 0);
  await eventually(
    () => /were dropped.*\(spans-dropped\)/.test(served.log()) || undefined,
    'the line',
  );
  const lines = served.log().match(/spans-dropped/g)?.length ?? 0;
  const most = 1 + Math.floor((performance.now() - servedMs) / 10_000);
  assert.ok(lines <= most, `${lines} lines, ${most} at most`);
  // One that refuses costs no more, and one that is well again is sent to at once.
  receiver.mood = 503;
  const others = await load(served, 800, '/');
  assert.ok(others.every((body) => body === 'hello'));
  await eventually(async () => (await countOf('dropped')) > dropped || undefined, 'refused spans');
  receiver.mood = 'takes';
  await eventually(async () => {
    await load(served, 8, '/told');
    return (await countOf('exported')) > 0 || undefined;
  }, 'exported spans');
  receiver.mood = 'silent';
  await load(served, 80, '/');
  const beganMs = performance.now();
  await served.stop();
  assert.ok(performance.now() - beganMs < 8000);
});

test('where the SDK is not installed that is one sentence that says what to install, also when only checked', async () => {
  const copy = await temporaryFolder();
  for (const path of ['package.json', 'dist/programs']) {
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  }
  const command = join(copy, 'dist/programs/tunicorn.js');
  const args = ['--otlp-endpoint', 'http://127.0.0.1:4318', './traced.mjs'];
  const run = (folder: string, ...more: readonly string[]) =>
    spawnSync(process.execPath, [command, '--chdir', folder, ...more, ...args], {
      cwd: NODE_APPS,
      encoding: 'utf8',
    });
  const bare = await temporaryFolder({ 'traced.mjs': 'export default () => {};' });
  for (const more of [['--check-config'], ['--bind', '127.0.0.1:0']]) {
    const { status, stderr } = run(bare, ...more);
    assert.equal(status, 1, stderr);
    const said =
      /^.*otlp_endpoint needs OpenTelemetry's SDK, and @opentelemetry\/\w+ is not installed.*npm install @opentelemetry\/api/m;
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
  // It may also be where the application has its packages.
  const { status, stderr } = run(NODE_APPS, '--check-config');
  assert.equal(status, 0, stderr);
});
