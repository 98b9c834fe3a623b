// Addresses to listen on: what is taken, and the sentence for what is not.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BindError, formatBind, isSameAddress, parseBind } from '../../../src/settings/bind.ts';

const tcp = (host: string, port: number): unknown => ({ kind: 'tcp', host, port });

for (const [one, other, same] of [
  ['127.0.0.1:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '127.0.0.1:81', false],
  ['127.0.0.1:80', '127.0.0.2:80', false],
  ['0.0.0.0:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '[::]:80', true],
  ['0.0.0.0:80', '[::1]:80', false],
  ['127.0.0.1:0', '127.0.0.1:0', false],
  ['unix:a', 'unix:a', false],
] as const) {
  it(`${one} and ${other} ${same ? 'cannot both be had' : 'are two TCP addresses or none'}`, () => {
    assert.equal(isSameAddress(parseBind(one), parseBind(other)), same);
  });
}

describe('parseBind', () => {
  it('takes host and port, a host alone, a port alone', () => {
    assert.deepEqual(parseBind('127.0.0.1:9000'), tcp('127.0.0.1', 9000));
    assert.deepEqual(parseBind('Example.com:80'), tcp('example.com', 80));
    assert.deepEqual(parseBind('my_service-1:80'), tcp('my_service-1', 80));
    assert.deepEqual(parseBind('localhost'), tcp('localhost', 8000));
    assert.deepEqual(parseBind(':8080'), tcp('0.0.0.0', 8080));
    assert.deepEqual(parseBind('tcp://0.0.0.0:80'), tcp('0.0.0.0', 80));
  });

  it('takes IPv6 in brackets, with and without a port', () => {
    assert.deepEqual(parseBind('[::1]:9000'), tcp('::1', 9000));
    assert.deepEqual(parseBind('[::]'), tcp('::', 8000));
    assert.deepEqual(parseBind('[FE80::1%eth0]:1'), tcp('fe80::1%eth0', 1));
  });

  it('takes the path of a unix socket, in both forms of Gunicorn', () => {
    assert.deepEqual(parseBind('unix:/run/app.sock'), { kind: 'unix', path: '/run/app.sock' });
    assert.deepEqual(parseBind('unix:///run/app.sock'), { kind: 'unix', path: '/run/app.sock' });
    assert.deepEqual(parseBind('unix:app.sock'), { kind: 'unix', path: 'app.sock' });
    assert.deepEqual(parseBind('unix:with:colon'), { kind: 'unix', path: 'with:colon' });
  });

  it('takes numbers of descriptors', () => {
    assert.deepEqual(parseBind('fd://3'), { kind: 'fd', fd: 3 });
    assert.deepEqual(parseBind('fd://2147483647'), { kind: 'fd', fd: 2_147_483_647 });
    assert.equal(formatBind({ kind: 'fd', fd: 3 }), 'fd://3');
    assert.deepEqual(parseBind('fd:3'), tcp('fd', 3), 'a host of that name');
  });

  it('takes ports from 0 to 65535', () => {
    assert.deepEqual(parseBind('a:0'), tcp('a', 0));
    assert.deepEqual(parseBind('a:65535'), tcp('a', 65_535));
    assert.throws(() => parseBind('a:65536'), {
      message: "'65536' is not a valid port number: the last is 65535",
    });
  });

  it('takes paths of unix sockets as long as the kernel does, in bytes', () => {
    const most = process.platform === 'darwin' ? 103 : 107;
    assert.deepEqual(parseBind(`unix:/${'a'.repeat(most - 1)}`), {
      kind: 'unix',
      path: `/${'a'.repeat(most - 1)}`,
    });
    assert.throws(
      () => parseBind(`unix:/${'a'.repeat(most)}`),
      /has at most \d+ bytes, this one has \d+/,
    );
    assert.throws(() => parseBind(`unix:/${'ä'.repeat(most / 2 + 1)}`), BindError);
  });

  for (const [text, says] of [
    ['127.0.0.1:abc', "'abc' is not a valid port number"],
    ['127.0.0.1:', "'' is not a valid port number"],
    ['127.0.0.1:-1', "'-1' is not a valid port number"],
    ['[::1]:x', "'x' is not a valid port number"],
    ['', 'it is empty; every IPv4 address is written :8000'],
    ['tcp://', 'it is empty; every IPv4 address is written :8000'],
    ['8000', 'a port is written :8000'],
    ['::1', 'an IPv6 address needs brackets, as in [::1]:8000'],
    ['fe80::1:8000', 'an IPv6 address needs brackets, as in [fe80::1:8000]:8000'],
    ['a:b:c', 'an IPv6 address needs brackets, as in [::1]:8000'],
    ['[::1', 'an IPv6 address is written [::1]:8000'],
    ['[::1]8000', 'an IPv6 address is written [::1]:8000'],
    ['[]:80', "'' is not an IPv6 address"],
    ['[localhost]:80', "'localhost' is not an IPv6 address"],
    ['256.0.0.1:80', "'256.0.0.1' is not an IPv4 address"],
    ['./app.sock', 'a socket file is written unix:./app.sock'],
    ['http://localhost:80', 'an address is HOST:PORT, without http://'],
    ['local host:80', 'an address has no blanks'],
    ['-b:80', "'-b' is not a host name"],
    ['unix:', 'unix: needs a path behind it'],
    ...['fd://', 'fd://x', 'fd://-1', 'fd://3/', 'fd://2147483648'].map(
      (text) =>
        [
          text,
          'a socket that is open already is written fd://3, with the number of its descriptor',
        ] as const,
    ),
  ] as const) {
    it(`refuses ${JSON.stringify(text)}: ${says}`, () => {
      assert.throws(() => parseBind(text), { name: 'BindError', message: says });
    });
  }

  it('reads back what formatBind writes', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((v6) => !v6.includes('.')),
      fc.domain(),
    );
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        const address = { kind: 'tcp', host: name.toLowerCase(), port } as const;
        assert.deepEqual(parseBind(formatBind(address)), address);
      }),
    );
  });

  it('never fails with anything but a BindError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `unix:${text}`),
        ),
        (text) => {
          try {
            parseBind(text);
          } catch (error) {
            assert.ok(error instanceof BindError);
          }
        },
      ),
    );
  });
});
