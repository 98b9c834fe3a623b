// What a fetch application finds in its Request and what becomes of its Response, in a real thread: the light classes
// behave as Node's own, and streams keep their back-pressure.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { RESPONSE_WINDOW } from '../../../src/wire/node-thread.ts';
import { FakeSource, type Started, startThread } from './fake-job.ts';

let app: Started;
before(async () => {
  app = await startThread('./fetch.mjs');
});

function post(text: string) {
  return { method: 'POST', body: { kind: 'bytes', bytes: Buffer.from(text) } } as const;
}

describe('the Request of a fetch application', () => {
  it('has method, URL, headers and the client, and is a Request', async () => {
    const fields = ['Host', 'Example.Test:80', 'X-A', '1', 'x-a', '2'];
    const facts = JSON.parse((await app.run('/facts?q=%20', { fields }).done()).text);
    assert.equal(facts.method, 'GET');
    assert.equal(facts.url, 'http://example.test/facts?q=%20');
    assert.equal(facts.again, facts.url);
    assert.deepEqual(facts.headers, [
      ['host', 'Example.Test:80'],
      ['x-a', '1, 2'],
    ]);
    assert.deepEqual(facts.address, ['192.0.2.7', 50_123, 'IPv4']);
    assert.equal(facts.clone, 'Example.Test:80');
    assert.equal(facts.redirect, 'follow');
    assert.ok(facts.instance && facts.body && facts.same);
  });

  it('makes the URL that the URL standard makes', async () => {
    for (const [host, target, url] of [
      ['a.test', '/facts/../facts', 'http://a.test/facts'],
      ['a.test', '/secret/%2e%2E/facts', 'http://a.test/facts'],
      ['a.test', '/secret/.%2e/facts?b=%2E', 'http://a.test/facts?b=%2E'],
      ['a.test', '/./facts#x', 'http://a.test/facts'],
      ['a.test', '/facts?a="b"', 'http://a.test/facts?a=%22b%22'],
      ['127.1:81', '/facts', 'http://127.0.0.1:81/facts'],
      ['ignored', 'http://other.test/facts', 'http://other.test/facts'],
    ] as const) {
      const job = await app.run(target, { fields: ['Host', host] }).done();
      assert.equal(JSON.parse(job.text).url, url);
    }
    const noHost = await app.run('/facts', { minorVersion: 0, fields: [] }).done();
    assert.equal(JSON.parse(noHost.text).url, 'http://127.0.0.1:8000/facts');
  });

  it('comes with its context twice: as second argument, and as the third that Cloudflare and Hono have', async () => {
    assert.equal((await app.run('/third').done()).text, '192.0.2.7 true');
  });

  it('is refused with 501 when its method is none that a Request can have', async () => {
    for (const [method, target] of [
      ['TRACE', '/facts'],
      ['TRACK', '/facts'],
      ['CONNECT', 'x:80'],
    ] as const) {
      const job = await app.run(target, { method }).done();
      assert.equal(job.reply?.status, '501 Not Implemented', method);
    }
  });

  it('is refused with 400 when its Host makes no URL', async () => {
    const job = await app.run('/facts', { fields: ['Host', 'a b'] }).done();
    assert.equal(job.reply?.status, '400 Bad Request');
  });

  it('gives its body as text, JSON, bytes, form or stream', async () => {
    assert.equal((await app.run('/text', post('\ufeffGrüße')).done()).text, 'Grüße');
    const json = await app.run('/json', post('{"a":1}')).done();
    assert.deepEqual([json.reply?.status, json.text], ['201 Created', '{"got":{"a":1}}']);
    assert.equal((await app.run('/bytes', post('abc')).done()).text, 'abc');
    const form = {
      ...post('name=Ada'),
      fields: ['Host', 'x', 'Content-Type', 'application/x-www-form-urlencoded'],
    };
    assert.equal((await app.run('/form', form).done()).text, 'Ada');
    assert.equal((await app.run('/text').done()).text, '');
  });

  it('cannot be read twice', async () => {
    assert.equal((await app.run('/twice', post('x')).done()).text, 'true TypeError');
  });

  it('streams its body through to the response', async () => {
    const source = new FakeSource().feed('a'.repeat(100_000));
    const job = app.run('/pipe', { method: 'POST', body: { kind: 'stream', source } });
    await job.until(() => job.pieces.length > 0);
    source.feed('b'.repeat(500_000)).end();
    assert.equal((await job.done()).bytes.length, 600_000);
    assert.match(job.reply?.fields ?? '', /x-piped: yes\r\n/);
    assert.ok(job.isOver);
  });
});

describe('the Response of a fetch application', () => {
  it('of text or bytes comes whole', async () => {
    const job = await app.run('/hello').done();
    assert.deepEqual(job.log, ['started', 'whole']);
    assert.deepEqual(job.reply, {
      status: '200 OK',
      fields: 'content-type: text/plain;charset=UTF-8\r\n',
      sendDate: true,
    });
    assert.equal(job.text, 'Grüße');
    assert.equal((await app.run('/owned').done()).text, 'first');
    assert.equal((await app.run('/empty').done()).reply?.status, '204 No Content');
  });

  it('keeps every set-cookie and what was changed in its headers', async () => {
    const cookies = await app.run('/cookies').done();
    assert.match(cookies.reply?.fields ?? '', /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    const mutated = await app.run('/mutate').done();
    assert.equal(mutated.reply?.fields, 'content-type: text/plain;charset=UTF-8\r\nx-new: new\r\n');
  });

  it('behaves as Node its own does', async () => {
    const facts = JSON.parse((await app.run('/like-native').done()).text);
    assert.deepEqual(facts, {
      instances: [true, true, true, true, true],
      special: [true, false],
      name: 'Response',
      tag: '[object Response]',
      light: [202, 'Fine', true, 'default', '', false],
      used: [false, 'light', true],
      copy: [202, 'b', 'light'],
      native: 'native',
      empty: [null, 200],
      type: 'text/plain;charset=UTF-8',
      redirect: 'http://a.test/',
      errors: ['RangeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'],
    });
  });

  it('may be one that undici made, and then comes whole when it is there at once', async () => {
    const job = await app.run('/native').done();
    assert.equal(job.text, 'from afar');
    assert.match(job.reply?.fields ?? '', /content-type: text\/plain/);
  });

  it('has the length and no body for HEAD', async () => {
    const job = await app.run('/hello', { method: 'HEAD' }).done();
    assert.equal(job.text, '');
    assert.match(job.reply?.fields ?? '', /content-length: 7\r\n/);
    const stream = await app.run('/endless', { method: 'HEAD' }).done();
    assert.equal(stream.text, '');
  });

  it('that streams is sent as it comes', async () => {
    const job = app.run('/stream');
    await job.until(() => job.pieces.length > 0);
    assert.equal(String(job.pieces[0]), 'one ');
    assert.equal((await job.done()).text, 'one two');
    assert.equal(job.ending, 'end');
  });

  it('that streams without end is pulled no further than the window, and cancelled with its client', async () => {
    const job = app.run('/endless', { room: 1 });
    await job.until(() => job.pieces.length === 1);
    await app.run('/hello').done();
    assert.ok(job.bytes.length < RESPONSE_WINDOW);
    app.thread.clientGone(job);
    await app.run('/hello').done();
    const events = await app.seen('endless');
    assert.deepEqual(events.slice(-2).sort(), ['AbortError', 'cancelled true']);
  });

  it('that breaks off fails', async () => {
    const job = await app.run('/breaks').done();
    assert.ok(job.log.includes('head'));
    assert.match(job.failure?.detail ?? '', /broke on purpose/);
  });
});

describe('a fetch that fails', () => {
  for (const [target, detail] of [
    ['/throw', /thrown on purpose/],
    ['/reject', /rejected on purpose/],
    ['/nothing', /fetch answered undefined where a Response was expected/],
    ['/used', /already read/],
  ] as const) {
    it(`by ${target} is answered with 500 and what was wrong`, async () => {
      const job = await app.run(target).done();
      assert.equal(job.failure?.status, 500);
      assert.match(job.failure.detail, detail);
    });
  }
});

describe('a fetch application and its thread', () => {
  it('hears by its signal that the client has gone', async () => {
    const job = app.run('/hang');
    await app.run('/hello').done();
    app.thread.clientGone(job);
    await app.run('/hello').done();
    assert.deepEqual(await app.seen('hang'), ['AbortError']);
  });

  it('hears by its signal that the time of a request is up', async () => {
    const job = app.run('/hang');
    await app.run('/hello').done();
    const { case: found } = await app.thread.interrupt(job);
    assert.equal(found, 'asynchronous');
    assert.equal((await app.seen('hang')).at(-1), 'TimeoutError');
  });

  it('may let work outlive its response, for which stopping waits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tunicorn-wait-'));
    const mark = join(folder, 'mark');
    const own = await startThread('./fetch.mjs');
    const job = await own.run('/later', { fields: ['Host', 'x', 'X-Mark', mark] }).done();
    assert.equal(job.text, 'answered');
    assert.equal(existsSync(mark), false);
    await own.thread.stop();
    assert.equal(existsSync(mark), true);
    rmSync(folder, { recursive: true });
    assert.equal(own.thread.state, 'dead');
    assert.deepEqual(own.deaths, []);
  });
});
