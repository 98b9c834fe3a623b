// Response heads: which fields go out, how the body is framed, whether the connection lives on, and what is refused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { errorResponse } from '../../../src/http1/error-response.ts';
import { rememberedReplies } from '../../../src/http1/reply-fields.ts';
import type { ResponsePlan } from '../../../src/http1/response.ts';
import { chunkHeader, interimHead, lastChunk, planResponse } from '../../../src/http1/response.ts';

interface Setting {
  readonly method?: string;
  readonly minorVersion?: number;
  readonly clientKeeps?: boolean;
  readonly upgrade?: string;
  readonly serverKeeps?: boolean;
  readonly status?: string;
  readonly fields?: string;
  readonly sendDate?: boolean;
  readonly bodyLength?: number | null;
}

function plan(setting: Setting): ResponsePlan {
  return planResponse(
    {
      method: setting.method ?? 'GET',
      minorVersion: setting.minorVersion ?? 1,
      keepAlive: setting.clientKeeps ?? true,
      upgrade: setting.upgrade ?? null,
    },
    {
      status: setting.status ?? '200 OK',
      fields: setting.fields ?? '',
      sendDate: setting.sendDate ?? true,
    },
    {
      keepAlive: setting.serverKeeps ?? true,
      date: 'DATE',
      server: 'tunicorn',
      bodyLength: setting.bodyLength === undefined ? null : setting.bodyLength,
    },
  );
}

/** Lines of the head after the status line, without Server and Date of ours. */
function linesOf({ head }: ResponsePlan): string[] {
  assert.ok(head.endsWith('\r\n\r\n'), 'a head ends with a blank line');
  const lines = head.slice(0, -4).split('\r\n').slice(1);
  return lines.filter((line) => line !== 'Server: tunicorn' && line !== 'Date: DATE');
}

describe('a response head', () => {
  test('has our Server and Date, the length of a known body and the fields of the application', () => {
    const { head, framing, length, keepAlive, error } = plan({ fields: 'A: b\r\n', bodyLength: 5 });
    assert.equal(
      head,
      'HTTP/1.1 200 OK\r\nServer: tunicorn\r\nDate: DATE\r\nContent-Length: 5\r\nA: b\r\n\r\n',
    );
    assert.deepEqual(
      { framing, length, keepAlive, error },
      { framing: 'length', length: 5, keepAlive: true, error: null },
    );
  });

  test('keeps Server and Date of the application, one of each', () => {
    const { head } = plan({ fields: 'server: mine\r\nDate: then\r\nServer: too\r\nDate: now\r\n' });
    assert.match(head, /\r\nserver: mine\r\nDate: then\r\n/);
    assert.doesNotMatch(head, /tunicorn|DATE|too|now/);
  });

  test('has no Date when the application forbids it', () => {
    assert.doesNotMatch(plan({ sendDate: false }).head, /Date/);
  });

  test('says HTTP/1.1 to HTTP/1.0 clients too', () => {
    assert.match(plan({ minorVersion: 0 }).head, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test('gets the registered reason when the application gives a code alone', () => {
    assert.match(plan({ status: '404' }).head, /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.match(plan({ status: '599' }).head, /^HTTP\/1\.1 599 \r\n/);
    assert.match(plan({ status: '200 ' }).head, /^HTTP\/1\.1 200 \r\n/);
  });

  test('drops hop-by-hop fields and keeps Trailer and Proxy-Authenticate', () => {
    const fields =
      'Connection: x-a\r\nKeep-Alive: timeout=5\r\nTE: x\r\nTransfer-Encoding: gzip\r\n' +
      'Proxy-Connection: close\r\nUpgrade: h2c\r\nTrailer: A\r\nProxy-Authenticate: Basic\r\nX-A: b\r\n';
    const expected = ['Content-Length: 0', 'Trailer: A', 'Proxy-Authenticate: Basic', 'X-A: b'];
    assert.deepEqual(linesOf(plan({ fields, bodyLength: 0 })), expected);
  });

  test('keeps repeated fields apart and in order', () => {
    const fields = 'Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\n';
    assert.deepEqual(
      linesOf(plan({ fields, bodyLength: 0 })).slice(1),
      fields.trim().split('\r\n'),
    );
  });

  test('is the same the second time, when the fields are known', () => {
    const setting = { fields: 'Content-Length: 3\r\nConnection: close\r\nSeen: twice\r\n' };
    assert.deepEqual(plan(setting), plan(setting));
  });

  test('is right for each of a thousand different field lists, of which 256 are remembered', () => {
    for (let i = 0; i < 1000; i++) {
      const fields = `ETag: "${i % 700}"\r\nContent-Length: ${i % 500}\r\n`;
      const { head, length } = plan({ fields });
      assert.equal(length, i % 500);
      assert.ok(head.includes(`ETag: "${i % 700}"\r\n`));
    }
    assert.equal(rememberedReplies(), 256);
  });
});

describe('the framing of a response', () => {
  test('is chunked for an unknown length in HTTP/1.1', () => {
    const result = plan({});
    assert.equal(result.framing, 'chunked');
    assert.deepEqual(linesOf(result), ['Transfer-Encoding: chunked']);
  });

  test('ends with the connection for an unknown length in HTTP/1.0', () => {
    const result = plan({ minorVersion: 0 });
    assert.deepEqual([result.framing, result.keepAlive], ['close', false]);
    // The response is of HTTP/1.1, whose connections stay unless it says otherwise.
    assert.deepEqual(linesOf(result), ['Connection: close']);
  });

  test('follows the Content-Length of the application', () => {
    const result = plan({ fields: 'content-length: 7\r\n' });
    assert.deepEqual([result.framing, result.length], ['length', 7]);
    assert.deepEqual(linesOf(result), ['Content-Length: 7']);
  });

  test('sends one Content-Length when the application repeats it', () => {
    const result = plan({ fields: 'Content-Length: 7\r\nContent-Length: 7\r\n' });
    assert.deepEqual(linesOf(result), ['Content-Length: 7']);
  });

  test('closes when the body is shorter than the application promised', () => {
    const short = plan({ fields: 'Content-Length: 7\r\n', bodyLength: 6 });
    assert.deepEqual([short.length, short.keepAlive], [7, false]);
    const long = plan({ fields: 'Content-Length: 7\r\n', bodyLength: 8 });
    assert.deepEqual([long.length, long.keepAlive], [7, true]);
  });

  for (const status of ['204 No Content', '304 Not Modified']) {
    test(`is none for ${status}, whatever is known of the body`, () => {
      const result = plan({ status, bodyLength: 5 });
      assert.deepEqual([result.framing, result.length, result.keepAlive], ['none', 0, true]);
      assert.deepEqual(linesOf(result), []);
    });
  }

  test('is a length of 0 for 205, whatever the application says', () => {
    for (const method of ['GET', 'HEAD']) {
      const fields = 'Content-Length: 7\r\n';
      const result = plan({ method, status: '205 Reset Content', fields, bodyLength: 7 });
      assert.deepEqual([result.length, result.keepAlive], [0, true]);
      assert.deepEqual(linesOf(result), ['Content-Length: 0']);
    }
    assert.deepEqual(linesOf(plan({ status: '205 Reset Content' })), ['Content-Length: 0']);
  });

  test('removes Content-Length from 204 and keeps it for 304 and HEAD', () => {
    const fields = 'Content-Length: 7\r\n';
    assert.deepEqual(linesOf(plan({ status: '204 No Content', fields })), []);
    assert.deepEqual(linesOf(plan({ status: '304 Not Modified', fields })), ['Content-Length: 7']);
    assert.deepEqual(linesOf(plan({ method: 'HEAD', fields, bodyLength: 0 })), [
      'Content-Length: 7',
    ]);
  });

  test('is none for HEAD, which stays alive even when the length is unknown', () => {
    const result = plan({ method: 'HEAD', minorVersion: 0 });
    assert.deepEqual([result.framing, result.keepAlive], ['none', true]);
  });

  test('tells HEAD the length of a body that was given, and no 0 for one that was left out', () => {
    assert.deepEqual(linesOf(plan({ method: 'HEAD', bodyLength: 9 })), ['Content-Length: 9']);
    assert.deepEqual(linesOf(plan({ method: 'HEAD', bodyLength: 0 })), []);
  });

  test('is a tunnel after 2xx to CONNECT', () => {
    const result = plan({ method: 'CONNECT', fields: 'Content-Length: 7\r\n' });
    assert.deepEqual([result.framing, result.keepAlive], ['close', false]);
    assert.deepEqual(linesOf(result), ['Connection: close']);
    assert.equal(plan({ method: 'CONNECT', status: '403 Forbidden' }).framing, 'chunked');
  });
});

describe('the connection after a response', () => {
  const closing: Record<string, Setting> = {
    'the client wants to close': { clientKeeps: false },
    'the server wants to close': { serverKeeps: false },
    'the application wants to close': { fields: 'Connection: x, Close\r\n' },
  };
  for (const [why, setting] of Object.entries(closing)) {
    test(`closes and says so when ${why}`, () => {
      const result = plan({ ...setting, bodyLength: 0 });
      assert.equal(result.keepAlive, false);
      assert.deepEqual(linesOf(result), ['Connection: close', 'Content-Length: 0']);
    });
  }

  test('stays alive in HTTP/1.0 and says so', () => {
    const result = plan({ minorVersion: 0, bodyLength: 0 });
    assert.equal(result.keepAlive, true);
    assert.deepEqual(linesOf(result), ['Connection: keep-alive', 'Content-Length: 0']);
  });

  test('is switched by 101 with Upgrade', () => {
    const status = '101 Switching Protocols';
    const fields = 'Upgrade: websocket\r\n';
    const result = plan({ status, fields, upgrade: 'websocket' });
    assert.equal(result.error, null);
    assert.deepEqual([result.framing, result.keepAlive], ['none', false]);
    assert.deepEqual(linesOf(result), ['Connection: Upgrade', 'Upgrade: websocket']);
  });

  test('is switched to nothing that the client did not offer or the application does not name', () => {
    const status = '101 Switching Protocols';
    assert.match(plan({ status, fields: 'Upgrade: websocket\r\n' }).error ?? '', /101 needs/);
    assert.match(plan({ status, upgrade: 'websocket' }).error ?? '', /101 needs/);
  });

  test('is told the protocols by 426', () => {
    const result = plan({
      status: '426 Upgrade Required',
      fields: 'Upgrade: h2c\r\n',
      bodyLength: 0,
    });
    assert.deepEqual(linesOf(result).slice(0, 2), ['Connection: Upgrade', 'Upgrade: h2c']);
  });
});

describe('a response is refused', () => {
  const refused: Record<string, Setting> = {
    'without a status': { status: '' },
    'with a status of two digits': { status: '99 Odd' },
    'with a status that is no number': { status: 'OK 200' },
    'with a line end in its reason': { status: '200 OK\r\nA: b' },
    'with 100 as its final status': { status: '100 Continue' },
    'with a length that is no number': { fields: 'Content-Length: 5x\r\n' },
    'with a negative length': { fields: 'Content-Length: -1\r\n' },
    'with two different lengths': { fields: 'Content-Length: 5\r\nContent-Length: 6\r\n' },
    'with a length that cannot be counted': { fields: 'Content-Length: 9007199254740992\r\n' },
    'with a field name that is no token': { fields: 'A b: c\r\n' },
    'with a line without a colon': { fields: 'A\r\n' },
    'with LF in a value': { fields: 'A: b\nC: d\r\n' },
    'with CR in a value': { fields: 'A: b\rC: d\r\n' },
    'with NUL in a value': { fields: 'A: b\0\r\n' },
    'with a character that would become a line end in latin-1': {
      fields: 'A: b\u010d\u010aC: d\r\n',
    },
  };
  for (const [what, setting] of Object.entries(refused)) {
    test(what, () => {
      const { error, head } = plan(setting);
      assert.match(error ?? '', /response|final/);
      assert.equal(head, '');
    });
  }

  test('without its value in the reason, which may be a secret', () => {
    assert.doesNotMatch(plan({ fields: 'Set-Cookie: secret\0\r\n' }).error ?? '', /secret/);
  });

  test('or well-formed, whatever the application answers', () => {
    const piece = fc.constantFrom(
      'A',
      ': ',
      'b',
      '\r\n',
      '\n',
      '\r',
      'Content-Length',
      '5',
      'Date',
      '\0',
      '\xe9',
      '\u010a',
      ' ',
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (status, fields) => {
        const { head, error } = plan({ status: `200 ${status}`, fields });
        if (error === null) {
          assert.match(
            head,
            /^HTTP\/1\.1 200 [\t -~\x80-\xff]*\r\n(?:[!-9;-~]+:[\t -~\x80-\xff]*\r\n)*\r\n$/,
          );
        } else assert.equal(head, '');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what goes out around a response', () => {
  test('an interim head has the fields of the application and none of ours', () => {
    const fields = 'Link: </a.css>\r\nContent-Length: 5\r\n';
    assert.equal(
      interimHead('103 Early Hints', fields),
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n',
    );
  });

  test('an interim head that is none is left out', () => {
    assert.equal(interimHead('200 OK', ''), '');
    assert.equal(interimHead('101 Switching Protocols', ''), '');
    assert.equal(interimHead('103 Early Hints', 'A: b\nC: d\r\n'), '');
  });

  test('chunks are headed by their size in hexadecimal', () => {
    assert.equal(chunkHeader(1), '1\r\n');
    assert.equal(chunkHeader(65_535), 'ffff\r\n');
  });

  test('the last chunk carries trailers, but none that may not come after a body or is malformed', () => {
    assert.equal(lastChunk(''), '0\r\n\r\n');
    const trailers = 'X-Sum: 1\r\nContent-Length: 5\r\nA b: c\r\nno colon\r\nB: d\r\n';
    assert.equal(lastChunk(trailers), '0\r\nX-Sum: 1\r\nB: d\r\n\r\n');
  });
});

describe("the server's own answer", () => {
  const options = { keepAlive: false, date: 'DATE', server: 'tunicorn' };

  test('is a short page that names the status, with its length', () => {
    const { text, status, bodyBytes } = errorResponse(408, options);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    assert.equal(status, '408 Request Timeout');
    assert.match(
      head,
      /^HTTP\/1\.1 408 Request Timeout\r\nServer: tunicorn\r\nDate: DATE\r\nConnection: close\r\n/,
    );
    assert.match(head, new RegExp(`Content-Length: ${body.length}$`));
    assert.equal(bodyBytes, body.length);
    assert.match(body, /<title>Request Timeout<\/title>.*<h1>Request Timeout<\/h1>/s);
  });

  test('has no page for HEAD, and the length of the page all the same', () => {
    const { text, bodyBytes } = errorResponse(503, { ...options, method: 'HEAD' });
    assert.ok(text.endsWith('\r\n\r\n'));
    assert.match(text, /Content-Length: [1-9]/);
    assert.equal(bodyBytes, 0);
  });

  test('may say when to come back', () => {
    assert.match(
      errorResponse(503, { ...options, retryAfterSeconds: 2 }).text,
      /\r\nRetry-After: 2\r\n/,
    );
  });

  test('keeps the connection when it may', () => {
    assert.doesNotMatch(errorResponse(503, { ...options, keepAlive: true }).text, /Connection/);
    const old = errorResponse(503, { ...options, keepAlive: true, minorVersion: 0 });
    assert.match(old.text, /\r\nConnection: keep-alive\r\n/);
  });

  test('escapes the sentence that it is given', () => {
    const { text } = errorResponse(400, { ...options, sentence: 'no <b> & \u{1f600}' });
    assert.match(text, /<p>no &lt;b&gt; &amp; \?\?<\/p>/);
  });

  for (const code of [400, 408, 413, 414, 417, 431, 500, 501, 502, 503, 504, 505, 507]) {
    test(`has a reason for ${code}`, () => {
      assert.match(errorResponse(code, options).status, /^\d{3} [A-Z][A-Za-z ]+$/);
    });
  }
});
