// The environ that the I/O loop writes for a request: PEP 3333's keys and no more, repeated fields, paths as latin-1,
// read back by a real Python where that is what counts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Peer, RequestBody, RequestHead } from '../../../src/threads/app-thread.ts';
import { OutsideScriptName, RequestEncoder } from '../../../src/threads/python/environ.ts';
import { makeSigned } from '../../support/certificates.ts';
import { requestHead } from '../../support/request-head.ts';
import { PEER } from './running-app.ts';

type Environ = Record<string, string>;

const NONE: RequestBody = { kind: 'none' };

function head(target: string, fields: readonly string[] = [], more: object = {}): RequestHead {
  return requestHead(target, { fields, ...more });
}

function encode(
  request: RequestHead,
  body: RequestBody = NONE,
  peer: Peer = PEER,
  encoder = new RequestEncoder(''),
): Buffer {
  const { bytes, length, rest } = encoder.encode(request, peer, body);
  const copy = Buffer.from(bytes.subarray(0, length));
  return rest === null ? copy : Buffer.concat([copy, rest]);
}

/** What Python's own marshal makes of the frames, all in one run of the interpreter. */
function readByPython(
  frames: readonly Buffer[],
): { environ: Environ; rest: string; kind: number }[] {
  const script = `
import sys, marshal, json, struct
data, at, out = sys.stdin.buffer.read(), 0, []
while at < len(data):
    length, word = struct.unpack_from('<II', data, at)
    at += 8
    environ = marshal.loads(data[at:at + (word >> 8)])
    assert type(environ) is dict and all(type(x) is str for p in environ.items() for x in p)
    out.append({'environ': environ, 'rest': data[at + (word >> 8):at + length].decode('latin-1'), 'kind': word & 255})
    at += length
assert at == len(data)
print(json.dumps(out))
`;
  const output = execFileSync('python3', ['-c', script], {
    input: Buffer.concat(frames),
    maxBuffer: 1 << 28,
  });
  return JSON.parse(output.toString()) as { environ: Environ; rest: string; kind: number }[];
}

function environOf(...args: Parameters<typeof encode>): Environ {
  const [read] = readByPython([encode(...args)]);
  assert(read !== undefined);
  return read.environ;
}

test('a plain request has the keys that PEP 3333 asks for and no more', () => {
  assert.deepEqual(environOf(head('/a%20b/%C3%A9?x=%20', ['Host', 'test'])), {
    REQUEST_METHOD: 'GET',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REMOTE_ADDR: '192.0.2.7',
    REMOTE_PORT: '50123',
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: '8000',
    'wsgi.url_scheme': 'http',
    HTTP_HOST: 'test',
    PATH_INFO: '/a b/\u00c3\u00a9',
    QUERY_STRING: 'x=%20',
    RAW_URI: '/a%20b/%C3%A9?x=%20',
  });
});

test('HTTP/1.0 and https are told, and a unix socket has no ports of its own', () => {
  const peer = {
    address: '',
    port: 0,
    serverName: '/run/app.sock',
    serverPort: 0,
    scheme: 'https',
  } as const;
  const environ = environOf(head('/', [], { minorVersion: 0 }), NONE, peer);
  assert.equal(environ['SERVER_PROTOCOL'], 'HTTP/1.0');
  assert.equal(environ['wsgi.url_scheme'], 'https');
  assert.equal(environ['SERVER_PORT'], '443');
  assert.equal('REMOTE_PORT' in environ, false);
});

test('on a unix socket SERVER_NAME is what the client asked for, the socket without a Host', () => {
  const unix: Peer = { ...PEER, address: '', port: 0, serverName: '/run/app.sock', serverPort: 0 };
  const name = (more: object): string | undefined => {
    return environOf(head('/', [], more), NONE, unix)['SERVER_NAME'];
  };
  assert.equal(name({ host: 'example.org:8080' }), 'example.org');
  assert.equal(name({ host: '[2001:db8::1]:80' }), '[2001:db8::1]');
  assert.equal(name({ host: null }), '/run/app.sock');
});

test('repeated fields are joined, cookies by a semicolon', () => {
  const environ = environOf(
    head('/', ['X-A', '1', 'x-a', '2', 'Cookie', 'a=1', 'Cookie', 'b=2', 'Content-Type', 'a/b']),
  );
  assert.equal(environ['HTTP_X_A'], '1,2');
  assert.equal(environ['HTTP_COOKIE'], 'a=1; b=2');
  assert.equal(environ['CONTENT_TYPE'], 'a/b');
  assert.equal('HTTP_CONTENT_TYPE' in environ, false);
});

test('CONTENT_LENGTH is that of the body that is there, also when it came chunked', () => {
  const body = { kind: 'bytes', bytes: Buffer.from('hello') } as const;
  const environ = environOf(head('/', ['Transfer-Encoding', 'chunked']), body);
  assert.equal(environ['CONTENT_LENGTH'], '5');
  assert.equal('HTTP_TRANSFER_ENCODING' in environ, false);
  assert.equal('HTTP_CONTENT_LENGTH' in environ, false);
  assert.equal('CONTENT_LENGTH' in environOf(head('/')), false);
  assert.equal(environOf(head('/', ['Content-Length', '0']))['CONTENT_LENGTH'], '0');
});

test('a body follows its environ, in the same bytes when small and beside them when large', () => {
  const small = { kind: 'bytes', bytes: Buffer.from('small') } as const;
  const large = { kind: 'bytes', bytes: Buffer.alloc(100_000, 'l') } as const;
  const file = { kind: 'file', path: '/tmp/\u00e4', length: 7 } as const;
  const frames = [small, large, file].map((body) => encode(head('/'), body));
  const [first, second, third] = readByPython(frames);
  assert.equal(first?.rest, 'small');
  assert.equal(second?.rest, 'l'.repeat(100_000));
  assert.equal(second?.environ['CONTENT_LENGTH'], '100000');
  assert.equal(third?.rest, Buffer.from('/tmp/\u00e4').toString('latin1'));
  assert.equal(third?.kind, 2);
  assert.equal(third?.environ['CONTENT_LENGTH'], '7');
});

test('PATH_INFO is relative to SCRIPT_NAME, and a path outside it is refused by name', () => {
  const encoder = new RequestEncoder('/shop');
  assert.equal(environOf(head('/shop/cart'), NONE, PEER, encoder)['PATH_INFO'], '/cart');
  assert.throws(
    () => encode(head('/other'), NONE, PEER, encoder),
    (error) => error instanceof OutsideScriptName && /"\/other".*"\/shop"/.test(error.message),
  );
});

for (const [scriptName, path, pathInfo] of [
  ['/shop', '/shop', ''],
  ['/shop', '/shop/', '/'],
  ['/shop', '/shopping', null],
  ['/shop/', '/shop/cart', '/cart'],
  ['/shop/', '/shopping', null],
  ['/', '/cart', '/cart'],
  ['shop', '/shop/cart', null],
] as const) {
  const told = pathInfo === null ? 'outside' : `PATH_INFO ${JSON.stringify(pathInfo)}`;
  test(`with the field SCRIPT_NAME: ${scriptName} the path ${path} is ${told}`, () => {
    const forwarded = { secure: null, address: null, scriptName };
    const run = (): Environ => environOf(head(path, [], { forwarded }));
    if (pathInfo === null) assert.throws(run, OutsideScriptName);
    else {
      const environ = run();
      assert.equal(environ['PATH_INFO'], pathInfo);
      assert.equal(`${environ['SCRIPT_NAME']}${pathInfo}`, path, 'together they are the path');
    }
  });
}

test('a header block that comes again is the same as when it came first', () => {
  const encoder = new RequestEncoder('');
  const fields = ['Host', 'test', 'X-\u00c4', 'b\u00fc'];
  const frames = Array.from({ length: 4 }, () => encode(head('/', fields), NONE, PEER, encoder));
  for (const frame of frames) {
    assert.deepEqual(frame, frames[0]);
  }
});

test('any latin-1 text arrives in Python as it was', () => {
  const latin1 = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
    maxLength: 300,
  });
  const requests = fc.sample(fc.record({ path: latin1, query: latin1, value: latin1 }), 200);
  const encoder = new RequestEncoder('');
  const frames = requests.map(({ path, query, value }) =>
    encode(
      head('/', ['X-Value', value], { target: path, path: path.replaceAll('%', ''), query }),
      NONE,
      PEER,
      encoder,
    ),
  );
  readByPython(frames).forEach(({ environ }, index) => {
    const request = requests[index];
    assert.equal(environ['RAW_URI'], request?.path);
    assert.equal(environ['PATH_INFO'], request?.path.replaceAll('%', ''));
    assert.equal(environ['QUERY_STRING'], request?.query);
    assert.equal(environ['HTTP_X_VALUE'], request?.value);
  });
});

test('strings of every length around a change of format arrive', () => {
  const lengths = [0, 1, 23, 24, 25, 254, 255, 256, 70_000];
  const frames = lengths.map((length) => encode(head('/', ['X-Value', 'v'.repeat(length)])));
  readByPython(frames).forEach(({ environ }, index) => {
    assert.equal(environ['HTTP_X_VALUE']?.length, lengths[index]);
  });
});

test("a client's certificate is told as Apache tells it, and one that was asked for and not shown as none", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-environ-'));
  const subject = '/C=DE/O=B\u00e4ckerei/CN=Alice, Bob';
  const { cert } = makeSigned(folder, 'alice', { subject }, null);
  rmSync(folder, { recursive: true });
  const certificate = new X509Certificate(cert).raw.toString('base64');
  const told = environOf(head('/'), NONE, { ...PEER, certificate });
  assert.equal(told['SSL_CLIENT_VERIFY'], 'SUCCESS');
  assert.equal(told['SSL_CLIENT_CERT'], cert);
  const name = Buffer.from('CN=Alice\\, Bob,O=B\u00e4ckerei,C=DE', 'utf8').toString('latin1');
  assert.deepEqual([told['SSL_CLIENT_S_DN'], told['SSL_CLIENT_I_DN']], [name, name]);
  const keys = (environ: Environ) => Object.keys(environ).filter((key) => /^SSL_/.test(key));
  assert.deepEqual(keys(environOf(head('/'), NONE, { ...PEER, certificate: null })), [
    'SSL_CLIENT_VERIFY',
  ]);
  assert.deepEqual(keys(environOf(head('/'))), []);
});
