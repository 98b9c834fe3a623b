// The reader of a drill's clients: answers cut at every position, and streams that are no HTTP.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, AnswerReader } from '../../../src/drill/answer-reader.ts';

const STREAM = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno',
].join('');

const ANSWERS: readonly Answer[] = [
  { status: 200, keeps: true, bodyBytes: 5, retryAfter: false },
  { status: 503, keeps: true, bodyBytes: 0, retryAfter: true },
  { status: 200, keeps: true, bodyBytes: 5, retryAfter: false },
  { status: 204, keeps: true, bodyBytes: 0, retryAfter: false },
  { status: 404, keeps: false, bodyBytes: 2, retryAfter: false },
];

function read(...pieces: readonly string[]): { answers: Answer[]; reader: AnswerReader } {
  const answers: Answer[] = [];
  const reader = new AnswerReader((answer) => answers.push(answer));
  for (const piece of pieces) reader.push(Buffer.from(piece, 'latin1'));
  return { answers, reader };
}

describe('the reader of answers', () => {
  it('finds every answer wherever the stream is cut', () => {
    for (let at = 0; at <= STREAM.length; at++) {
      assert.deepEqual(read(STREAM.slice(0, at), STREAM.slice(at)).answers, ANSWERS, `at ${at}`);
    }
    assert.deepEqual(read(...STREAM).answers, ANSWERS);
  });

  it('knows a body that only the end of the connection ends', () => {
    const { answers, reader } = read('HTTP/1.0 200 OK\r\n\r\nas long as ', 'it takes');
    assert.deepEqual(answers, []);
    assert.ok(reader.midAnswer);
    reader.ended();
    assert.deepEqual(answers, [{ status: 200, keeps: false, bodyBytes: 19, retryAfter: false }]);
  });

  it('sees what is no answer', () => {
    for (const text of [
      'SSH-2.0-x\r\n\r\n',
      'x'.repeat(70_000),
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n',
    ]) {
      assert.ok(read(text).reader.broken, text.slice(0, 40));
    }
    assert.ok(!read(STREAM).reader.broken);
  });
});
