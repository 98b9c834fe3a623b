// The stack of a Node.js thread as people see it: calls of the application, or a sentence where it has none.

import assert from 'node:assert/strict';
import test from 'node:test';
import { programAt } from '../../../src/package-folder.ts';
import { stackText } from '../../../src/threads/node/host/inspect-stack.ts';

const SCRIPTS = new Map([
  ['1', 'node:internal/timers'],
  ['2', programAt('thread').href],
  ['3', 'file:///srv/shop.mjs'],
]);

function stackOf(...calls: readonly [name: string, script: string][]): string {
  const frames = calls.map(([functionName, scriptId]) => ({
    functionName,
    location: { scriptId, lineNumber: 4, columnNumber: 2 },
  }));
  return stackText(frames, SCRIPTS);
}

test('a stack is the calls of the application', () => {
  assert.equal(
    stackOf(['total', '3'], ['report', '3'], ['begin', '2'], ['processTimers', '1']),
    '    at total (file:///srv/shop.mjs:5:3)\n    at report (file:///srv/shop.mjs:5:3)',
  );
});

test('calls of Node.js alone are a thread that waits', () => {
  assert.match(stackOf(['processTimers', '1']), /waits for something asynchronous$/);
});

test('what the server itself does in the thread is shown when nothing of the application is there', () => {
  assert.match(stackOf(['begin', '2'], ['processTimers', '1']), /^ {4}at begin .*\n {4}at process/);
});
