// What a job hears of a response that a real Python thread makes: pieces, lengths, exceptions, a client that leaves.

import assert from 'node:assert/strict';
import { closeSync, existsSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RecordingJob, startApp } from './running-app.ts';

const APP = `
import os, sys, io, tempfile, gzip
from wsgiref.validate import validator
closed = []

class Result:
    def __init__(self, items): self.it = iter(items)
    def __iter__(self): return self
    def __next__(self):
        item = next(self.it)
        if isinstance(item, Exception): raise item
        return item
    def close(self): closed.append(1)

def app(environ, start_response):
    path = environ['PATH_INFO']
    return globals()[path.strip('/')](environ, start_response)

def stream(environ, start_response):
    start_response('200 OK', [('X-A', '1')])
    return Result([b'one', b'', b'two'])

def known(environ, start_response):
    start_response('200 OK', [('Content-Length', '5')])
    return Result([b'hello', b'surplus'])

def raises(environ, start_response):
    raise ZeroDivisionError('on purpose')

def late(environ, start_response):
    start_response('200 OK', [])
    return Result([b'x', ValueError('late')])

def recovers(environ, start_response):
    start_response('200 OK', [('X-Old', '1')])
    try:
        raise KeyError('k')
    except KeyError:
        start_response('500 Oh', [('X-New', '1')], sys.exc_info())
    return [b'sorry']

def too_late(environ, start_response):
    write = start_response('200 OK', [])
    write(b'begun')
    try:
        raise KeyError('k')
    except KeyError:
        start_response('500 Oh', [], sys.exc_info())
    return [b'never']

def injects(environ, start_response):
    start_response('200 OK', [('X-A', 'a\\r\\nSet-Cookie: b')])
    return [b'']

def hints(environ, start_response):
    environ['wsgi.early_hints']([('Link', '</a.css>; rel=preload')])
    start_response('200 OK', [])
    return [b'x']

def endless(environ, start_response):
    start_response('200 OK', [])
    def items():
        try:
            while True: yield b'x' * 1000
        finally:
            open('ended', 'w').close()
    return items()

def big(environ, start_response):
    start_response('200 OK', [])
    return [bytes(range(256)) * 40000]

def file(environ, start_response):
    f = open('data', 'rb')
    f.seek(3)
    start_response('200 OK', [('X-F', '1')])
    wrapper = environ['wsgi.file_wrapper'](f)
    close = wrapper.close
    wrapper.close = lambda: (close(), closed.append(1))
    return wrapper

def memory(environ, start_response):
    start_response('200 OK', [])
    return environ['wsgi.file_wrapper'](io.BytesIO(b'm' * 10000))

def zipped(environ, start_response):
    start_response('200 OK', [])
    return environ['wsgi.file_wrapper'](gzip.open('data.gz'))

def count(environ, start_response):
    start_response('200 OK', [])
    return [str(len(closed)).encode()]

@validator
def valid(environ, start_response):
    body = environ['wsgi.input'].read(4)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [body]

def echo(environ, start_response):
    data = environ['wsgi.input']
    lines = [data.readline(), data.read(2), b'|'.join(data.readlines())]
    start_response('200 OK', [('X-Length', environ.get('CONTENT_LENGTH', 'none'))])
    return [b';'.join(lines)]

def size(environ, start_response):
    start_response('200 OK', [])
    return [str(sum(len(line) for line in environ['wsgi.input'])).encode()]
`;

test('a streamed result arrives item by item, and close() is called once', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/stream'));
  assert.deepEqual(job.heard, ['started', 'head', 'piece', 'piece', 'end']);
  assert.deepEqual(job.reply, { status: '200 OK', fields: 'X-A: 1\r\n', sendDate: true });
  assert.deepEqual(job.pieces.map(String), ['one', 'two']);
  assert.equal((await run(new RecordingJob('/count'))).text, '1');
  assert.equal(job.over, 1);
});

test('a first item as long as Content-Length makes the response whole, and what follows is dropped', async (t) => {
  const { run, logged } = await startApp(t, APP);
  const job = await run(new RecordingJob('/known'));
  assert.deepEqual(job.heard, ['started', 'whole']);
  assert.equal(job.text, 'hello');
  assert.equal((await run(new RecordingJob('/count'))).text, '1');
  assert.deepEqual(logged, [], 'the wire is whole');
});

test('an application that raises fails its request with the traceback, and the thread goes on', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/raises'));
  assert.deepEqual(job.heard, ['started', 'failed']);
  assert.equal(job.failures[0]?.status, 500);
  assert.equal(job.failures[0]?.code, 'app-raised');
  assert.match(job.failures[0]?.detail ?? '', /ZeroDivisionError: on purpose/);
  assert.doesNotMatch(job.failures[0]?.detail ?? '', /tunicorn_bridge/);
  assert.equal((await run(new RecordingJob('/count'))).text, '0');
});

test('an error in the middle of a response fails it after its head, and close() is called', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/late'));
  assert.deepEqual(job.heard, ['started', 'head', 'piece', 'failed']);
  assert.equal((await run(new RecordingJob('/count'))).text, '1');
});

test('start_response with exc_info replaces a head that was not sent', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/recovers'));
  assert.equal(job.reply?.status, '500 Oh');
  assert.equal(job.reply?.fields, 'X-New: 1\r\n');
});

test('start_response with exc_info raises it again when the head has been sent', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/too_late'));
  assert.deepEqual(job.heard, ['started', 'head', 'piece', 'failed']);
  assert.match(job.failures[0]?.detail ?? '', /KeyError: 'k'/);
});

test('a header that would split the response is a failure and never sent', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/injects'));
  assert.deepEqual(job.heard, ['started', 'failed']);
  assert.match(job.failures[0]?.detail ?? '', /X-A has a character that HTTP forbids/);
});

test('early hints come before the head', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/hints'));
  assert.deepEqual(job.heard, ['started', 'interim', 'whole']);
  assert.deepEqual(job.interims, [['103 Early Hints', 'Link: </a.css>; rel=preload\r\n']]);
});

test('when the client goes, the iterable is closed and the thread is free again', async (t) => {
  const { folder, run, freeThread } = await startApp(t, APP);
  const thread = await freeThread();
  const job = new RecordingJob('/endless');
  job.roomForMore = false;
  thread.take(job);
  await job.until(() => job.pieces.length > 0);
  thread.clientGone(job);
  const heard = job.heard.length;
  await run(new RecordingJob('/count'));
  assert.equal(existsSync(join(folder, 'ended')), true);
  assert.equal(job.heard.length, heard);
  assert.equal(job.over, 1);
});

test('a job that takes no more holds the thread back until it is resumed', async (t) => {
  const { freeThread } = await startApp(t, APP);
  const thread = await freeThread();
  const job = new RecordingJob('/endless');
  job.roomForMore = false;
  thread.take(job);
  await job.until(() => job.pieces.length > 0);
  // All of the read in which the answer was given still comes; after it, nothing.
  await new Promise((resolve) => setImmediate(resolve));
  const bytes = Buffer.concat(job.pieces).length;
  assert(bytes <= 65_536);
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(Buffer.concat(job.pieces).length, bytes);
  const pieces = job.pieces.length;
  thread.resume(job);
  await job.until(() => job.pieces.length > pieces);
  thread.clientGone(job);
});

test('a large body arrives unchanged and with its length', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(new RecordingJob('/big'));
  const body = Buffer.concat(job.pieces);
  assert.equal(body.length, 256 * 40_000);
  assert(
    body.equals(Buffer.alloc(256 * 40_000, Buffer.from(Array.from({ length: 256 }, (_, i) => i)))),
  );
  assert.equal(job.reply?.fields, 'Content-Length: 10240000\r\n');
});

test('a regular file is handed over as a descriptor, from its offset on, and closed by the application', async (t) => {
  const { folder, run } = await startApp(t, APP);
  writeFileSync(join(folder, 'data'), '0123456789');
  const job = await run(new RecordingJob('/file'));
  assert.deepEqual(job.heard, ['started', 'head', 'file', 'end']);
  assert.equal(job.reply?.fields, 'X-F: 1\r\nContent-Length: 7\r\n');
  const [file] = job.files;
  assert(file !== undefined);
  const bytes = Buffer.alloc(20);
  const read = readSync(file.fd, bytes, 0, file.length, file.offset);
  closeSync(file.fd);
  assert.equal(bytes.toString('latin1', 0, read), '3456789');
  assert.equal((await run(new RecordingJob('/count'))).text, '1');
});

test('what only looks like a file is read block by block', async (t) => {
  const { folder, run } = await startApp(t, APP);
  assert.equal((await run(new RecordingJob('/memory'))).text, 'm'.repeat(10_000));
  const { gzipSync } = await import('node:zlib');
  writeFileSync(join(folder, 'data.gz'), gzipSync('unzipped'));
  const job = await run(new RecordingJob('/zipped'));
  assert.deepEqual(job.files, []);
  assert.equal(job.text, 'unzipped');
});

test('the standard validator has nothing to say', async (t) => {
  const { run } = await startApp(t, APP);
  const job = await run(
    new RecordingJob('/valid', {
      method: 'POST',
      fields: ['Host', 'x', 'Content-Type', 'text/plain', 'Content-Length', '4'],
      body: { kind: 'bytes', bytes: Buffer.from('body') },
    }),
  );
  assert.deepEqual(job.failures, []);
  assert.equal(job.text, 'body');
});

test('a body in memory is read by line, by count and to its end', async (t) => {
  const { run } = await startApp(t, APP);
  const bytes = Buffer.from('first\nsecond\nthird');
  const job = await run(
    new RecordingJob('/echo', { method: 'POST', body: { kind: 'bytes', bytes } }),
  );
  assert.equal(job.text, 'first\n;se;cond\n|third');
  assert.equal(job.reply?.fields, `X-Length: ${bytes.length}\r\n`);
});

test('a body in a file is read by line, by count and to its end', async (t) => {
  const { folder, run } = await startApp(t, APP);
  const path = join(folder, 'spööl');
  writeFileSync(path, 'first\nsecond\nthird');
  const body = { kind: 'file', path, length: readFileSync(path).length } as const;
  const job = await run(new RecordingJob('/echo', { method: 'POST', body }));
  assert.equal(job.text, 'first\n;se;cond\n|third');
  assert.equal(job.reply?.fields, 'X-Length: 18\r\n');
});

test('a body larger than any buffer on the way arrives whole', async (t) => {
  const { run } = await startApp(t, APP);
  const bytes = Buffer.alloc(3_000_000, 'abc\n');
  const job = await run(
    new RecordingJob('/size', { method: 'POST', body: { kind: 'bytes', bytes } }),
  );
  assert.equal(job.text, '3000000');
});

test('a body file that is gone fails the request and not the thread', async (t) => {
  const { python, run } = await startApp(t, APP);
  const body = { kind: 'file', path: '/nowhere/spool', length: 5 } as const;
  const job = await run(new RecordingJob('/size', { method: 'POST', body }));
  assert.equal(job.failures[0]?.code, 'spool-failed');
  assert.equal((await run(new RecordingJob('/count'))).text, '0');
  assert.equal(python.threads[0]?.name, 'thread 1');
});

test('a request that cannot be given to the application fails, and the thread takes the next', async (t) => {
  const { run } = await startApp(t, APP, { env: { ...process.env, SCRIPT_NAME: '/shop' } });
  const outside = await run(new RecordingJob('/elsewhere'));
  assert.equal(outside.failures[0]?.code, 'outside-script-name');
  const none = { ended: false, failed: false, trailers: [], onChange: null };
  const source = { take: () => null, ask: () => {}, ...none };
  const arriving = await run(new RecordingJob('/shop/count', { body: { kind: 'stream', source } }));
  assert.equal(arriving.failures[0]?.code, 'body-not-complete');
  assert.equal(arriving.over, 1);
  assert.equal((await run(new RecordingJob('/shop/count'))).text, '0');
});
