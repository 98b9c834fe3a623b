// What a (req, res) listener finds in its request and what becomes of its response, in a real thread: as from
// node:http, but head and body come out apart and unframed.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Started, startThread } from './fake-job.ts';

let app: Started;
before(async () => {
  app = await startThread('./listener.mjs');
});

describe('the request of a listener', () => {
  it('has method, url, version and headers as Node shows them', async () => {
    const fields = ['Host', 'a.test', 'X-Two', '1', 'x-two', '2', 'Cookie', 'a=1', 'Cookie', 'b=2'];
    const job = await app.run('/facts?q=1', { method: 'PUT', minorVersion: 0, fields }).done();
    const facts = JSON.parse(job.text);
    assert.equal(facts.method, 'PUT');
    assert.equal(facts.url, '/facts?q=1');
    assert.deepEqual(facts.versions, ['1.0', 1, 0]);
    assert.deepEqual(facts.rawHeaders, fields);
    assert.deepEqual(facts.headers, { host: 'a.test', 'x-two': '1, 2', cookie: 'a=1; b=2' });
    assert.deepEqual(facts.distinct['x-two'], ['1', '2']);
  });

  it('knows the client and the listener by its socket', async () => {
    const facts = JSON.parse((await app.run('/facts').done()).text);
    assert.deepEqual(facts.remote, ['192.0.2.7', 50_123, 'IPv4']);
    assert.deepEqual(facts.local, ['127.0.0.1', 8000]);
    assert.equal(facts.encrypted, undefined, 'as on a plain socket of Node.js');
    assert.ok(facts.same && facts.chained);
    assert.deepEqual(facts.writable, [true, true, false]);
  });

  it('is encrypted and has no address where the connection says so', async () => {
    const peer = {
      address: '',
      port: 0,
      serverName: '/run/app.sock',
      serverPort: 0,
      scheme: 'https' as const,
    };
    const facts = JSON.parse((await app.run('/facts', { peer }).done()).text);
    assert.deepEqual(facts.remote, [null, null, null]);
    assert.deepEqual(facts.local, [null, null]);
    assert.equal(facts.encrypted, true);
  });
});

describe('the response of a listener', () => {
  it('comes whole when it is ended at once', async () => {
    const job = await app.run('/unread').done();
    assert.deepEqual(job.log, ['started', 'whole']);
    assert.deepEqual(job.reply, {
      status: '200 OK',
      fields: 'Content-Length: 8\r\n',
      sendDate: true,
    });
    assert.equal(job.text, 'not read');
  });

  it('comes in pieces when it is written, unframed, with repeated fields kept', async () => {
    const job = await app.run('/write').done();
    assert.equal(job.reply?.status, '201 Made');
    assert.equal(job.reply.fields, 'X-One: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
    assert.equal(job.text, 'one two thrée');
    assert.equal(job.ending, 'end');
  });

  it('sends its head alone when headers are flushed', async () => {
    const job = app.run('/flush');
    await job.until(() => job.reply !== null);
    assert.equal(job.ending, null);
    await app.run('/go').done();
    assert.equal((await job.done()).text, '');
  });

  it('carries 1xx responses before the head', async () => {
    const job = await app.run('/hints').done();
    assert.deepEqual(job.interims, [
      '100 Continue\r\n',
      '102 Processing\r\n',
      '103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\nx-trace: id\r\n',
    ]);
    assert.equal(job.text, 'done');
  });

  it('refuses a line end in an early hint, on every Node.js', async () => {
    const job = await app.run('/bad-hints').done();
    assert.deepEqual(job.interims, []);
    assert.equal(job.failure?.status, 500);
    assert.match(job.failure.detail, /Invalid character in header/);
  });

  it('lets no value put a line end on the wire by changing between the check and the writing', async () => {
    const fine = new Set<string>();
    const ways = 'set many later got head flat pairs reason trailer hint'.split(' ');
    for (const way of ways) {
      for (let honest = 0; honest < 5; honest++) {
        const job = await app.run(`/shifting?${way}-${honest}`).done();
        const said = [job.reply?.status, job.reply?.fields, job.trailers, ...job.interims];
        assert.doesNotMatch(said.join(' '), /Evil/i, `${way}, ${honest} times honest`);
        if (said.join(' ').includes('fine')) fine.add(way);
        else assert.match(job.failure?.detail ?? '', /Invalid character/);
      }
    }
    assert.equal(fine.size, ways.length, 'one that stays honest for long enough is written');
  });

  it('refuses a line end in a field', async () => {
    const job = await app.run('/inject').done();
    assert.equal(job.failure?.code, 'app-raised');
    assert.match(job.failure.detail, /Invalid character in header/);
  });

  it('carries trailers', async () => {
    const job = await app.run('/trailers').done();
    assert.equal(job.text, 'body');
    assert.equal(job.trailers, 'X-Sum: 4\r\n');
    assert.equal(job.reply?.fields, 'Trailer: X-Sum\r\n');
  });

  it('keeps status, reason and the wish for no Date', async () => {
    const job = await app.run('/no-date').done();
    assert.equal(job.reply?.status, '404 Nowhere');
    assert.equal(job.reply.sendDate, false);
  });

  it('has no body for 204 and HEAD', async () => {
    const empty = await app.run('/204').done();
    assert.deepEqual([empty.reply?.status, empty.text], ['204 No Content', '']);
    const head = await app.run('/unread', { method: 'HEAD' }).done();
    assert.equal(head.text, '');
  });

  it('leaves framing to the server even where the application asks for chunks', async () => {
    const job = await app.run('/chunked-by-hand').done();
    assert.equal(job.reply?.fields, 'X-After: yes\r\n');
    assert.equal(job.text, 'plain');
  });

  it('is refused when strictContentLength finds another length', async () => {
    const job = await app.run('/strict').done();
    assert.match(job.failure?.detail ?? '', /ERR_HTTP_CONTENT_LENGTH_MISMATCH/);
  });

  it('keeps bytes and latin-1 fields as they are', async () => {
    const job = await app.run('/latin1').done();
    assert.deepEqual([...job.bytes], [0, 128, 255]);
    assert.match(job.reply?.fields ?? '', /X-Name: caf\u00e9\r\n/);
    assert.doesNotMatch(job.reply?.fields ?? '', /[^\0-\xff]/);
  });

  it('stays itself when a framework gives it another prototype', async () => {
    const bytes = Buffer.from('Grüße');
    const job = await app
      .run('/as-express', { method: 'POST', body: { kind: 'bytes', bytes } })
      .done();
    assert.equal(job.text, 'Grüße');
    assert.equal(job.reply?.fields, 'X-Powered-By: test\r\nContent-Length: 7\r\n');
  });

  it('says finish, then close, on response and request', async () => {
    await app.run('/ends').done();
    const events = await app.seen('ends');
    assert.deepEqual(
      events.slice(0, 3).sort(),
      ['callback', 'finish true', 'res close true'].sort(),
    );
    assert.ok(events.includes('req close aborted=false'));
  });
});

describe('a listener that fails', () => {
  it('is answered with 500 and its stack when it throws or rejects', async () => {
    for (const [target, message] of [
      ['/throw', /thrown on purpose[\s\S]*listener\.mjs/],
      ['/reject', /rejected on purpose[\s\S]*listener\.mjs/],
    ] as const) {
      const job = await app.run(target).done();
      assert.equal(job.failure?.status, 500);
      assert.equal(job.failure.code, 'app-raised');
      assert.match(job.failure.detail, message);
    }
    assert.equal((await app.run('/unread').done()).ending, 'whole');
  });

  it('fails the response under way when the head was sent', async () => {
    const job = await app.run('/throw-late').done();
    assert.equal(job.ending, 'failed');
    assert.ok(job.log.includes('head'));
  });

  it('may hang up', async () => {
    const job = await app.run('/hang-up').done();
    assert.equal(job.failure?.code, 'app-hung-up');
  });

  it('hears the idle timeout that it set', async () => {
    assert.equal((await app.run('/idle').done()).text, 'timed out');
  });
});

describe('a client that goes', () => {
  it('is told to the request, the response and the socket, once', async () => {
    const job = app.run('/hang');
    await app.run('/unread').done();
    app.thread.poll(0);
    assert.deepEqual(job.log, ['started']);
    app.thread.clientGone(job);
    assert.ok(job.isOver);
    await app.run('/unread').done();
    const events = await app.seen('hang');
    for (const event of [
      'req aborted',
      'req error ECONNRESET',
      'req close',
      'res close finished=false',
      'socket close true',
    ]) {
      assert.equal(events.filter((one) => one === event).length, 1, `${event} in ${events}`);
    }
    assert.deepEqual(job.log, ['started']);
  });
});
