// Local time in the two logs' formats. The time zone is the process's, so each case is a process.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { SecondStamp } from '../../../src/observe/local-time.ts';

const timeModule = new URL('../../../src/observe/local-time.js', import.meta.url).href;

for (const [zone, errorLog, accessLog] of [
  ['UTC', '2026-11-24 21:59:07 +0000', '[24/Nov/2026:21:59:07 +0000]'],
  ['Asia/Kolkata', '2026-11-25 03:29:07 +0530', '[25/Nov/2026:03:29:07 +0530]'],
  ['America/St_Johns', '2026-11-24 18:29:07 -0330', '[24/Nov/2026:18:29:07 -0330]'],
] as const) {
  test(`both logs tell local time with its offset in ${zone}`, () => {
    const program = `
      import { accessLogTime, errorLogTime } from ${JSON.stringify(timeModule)};
      const date = new Date('2026-11-24T21:59:07.900Z');
      console.log(JSON.stringify([errorLogTime(date), accessLogTime(date)]));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, TZ: zone },
    });
    assert.deepEqual(JSON.parse(run.stdout), [errorLog, accessLog]);
  });
}

test('a stamp is made once for each second, also when the clock is set back', () => {
  let made = 0;
  const stamp = new SecondStamp((date) => {
    made += 1;
    return String(date.getTime());
  });
  assert.equal(stamp.at(new Date(5000)), '5000');
  assert.equal(stamp.at(new Date(5999)), '5000');
  assert.equal(made, 1);
  assert.equal(stamp.at(new Date(6000)), '6000');
  assert.equal(stamp.at(new Date(1000)), '1000');
  assert.equal(made, 3);
});
