// The real server under a real systemd (a user instance in namespaces of its own): what systemctl says and does with the unit, from
// start to stop, an upgrade and a watchdog that ends it. Faults put in by hand and seen here: no MAINPID at the upgrade, or only the
// first one (systemd then kills the new arbiter at the stop); a watchdog that is petted by a timer alone.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { statusOf } from '../support/raw-client.ts';
import { commandPath } from '../support/server.ts';
import { type Systemd, startSystemd } from '../support/systemd.ts';
import { eventually } from './serving.ts';

const UNIT = 'shop.service';
/** Answers, and ends its worker when asked for /die. */
const WORKS = `export default {
  fetch(request) {
    if (request.url.endsWith('/die')) process.kill(process.pid, 'SIGKILL');
    return new Response('x');
  },
};`;

const write = (folder: string, text: string): void => writeFileSync(join(folder, 'app.mjs'), text);

function units(folder: string): Record<string, string> {
  write(folder, WORKS);
  const command = `${process.execPath} ${commandPath} --workers 1 --pid ${folder}/pid --error-logfile ${folder}/log ./app.mjs`;
  return {
    'shop.socket': `[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=${folder}/shop.sock\n`,
    [UNIT]: `[Unit]
DefaultDependencies=no
Requires=shop.socket
StartLimitIntervalSec=0
[Service]
Type=notify
NotifyAccess=all
WorkingDirectory=${folder}
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
WatchdogSec=1500ms
Restart=on-failure
RestartSec=1s
LimitCORE=0
TimeoutStopSec=2
`,
  };
}

const logOf = ({ folder }: Systemd): string => readFileSync(join(folder, 'log'), 'utf8');

function said(systemd: Systemd, pattern: RegExp, times = 1): Promise<true> {
  const global = new RegExp(pattern.source, 'g');
  return eventually(
    () => [...logOf(systemd).matchAll(global)].length >= times || null,
    `${times} x ${pattern} in\n${logOf(systemd)}`,
  ).then(() => true);
}

function status(t: TestContext, { folder }: Systemd, path?: string): Promise<number> {
  return statusOf(t, join(folder, 'shop.sock'), path);
}

test(
  'systemctl starts, reloads, upgrades and stops it, and the socket starts it again',
  needsRoot,
  async (t) => {
    const systemd = await startSystemd(t, units);
    const { folder } = systemd;
    assert.deepEqual(await systemd.control('start', UNIT), { code: 0, output: '' });
    // It came back when the server was ready; the lines are written a moment later.
    assert.match(logOf(systemd), /Listening at: unix:.*shop\.sock/);
    assert.equal(await status(t, systemd), 200);
    await eventually(
      async () => (await systemd.property(UNIT, 'StatusText')) === 'Serving: 1 of 1 worker ready',
      'the status',
    );

    await systemd.control('reload', UNIT);
    await said(systemd, /Reloaded\./);
    assert.equal(await status(t, systemd), 200);

    const first = await systemd.property(UNIT, 'MainPID');
    await systemd.control('kill', '--kill-who=main', '--signal=USR2', UNIT);
    await said(systemd, /Worker ready/, 3);
    await systemd.control('kill', '--kill-who=main', '--signal=TERM', UNIT);
    await said(systemd, /Master has been promoted/);
    const second = await systemd.property(UNIT, 'MainPID');
    assert.notEqual(second, first);
    assert.equal(second, readFileSync(join(folder, 'pid'), 'utf8').trim());
    assert.equal(await systemd.property(UNIT, 'ActiveState'), 'active');
    assert.equal(await systemd.property(UNIT, 'NRestarts'), '0');
    assert.equal(await status(t, systemd), 200);

    assert.deepEqual((await systemd.control('stop', UNIT)).code, 0);
    assert.equal(await systemd.property(UNIT, 'Result'), 'success');
    assert.equal(await systemd.property(UNIT, 'ActiveState'), 'inactive');
    // The socket unit listens on: whoever comes starts the service.
    assert.equal(await status(t, systemd), 200);
    assert.equal(await systemd.property(UNIT, 'ActiveState'), 'active');
  },
);

test(
  'the watchdog ends a server of which no worker answers, and systemd starts it anew',
  needsRoot,
  async (t) => {
    const systemd = await startSystemd(t, units);
    assert.equal((await systemd.control('start', UNIT)).code, 0);
    write(systemd.folder, 'export default {');
    await status(t, systemd, '/die').catch(() => undefined);
    await said(systemd, /No worker answers/);
    await eventually(
      async () => (await systemd.property(UNIT, 'Result')) === 'watchdog',
      'the end by the watchdog',
    );
    write(systemd.folder, WORKS);
    await eventually(async () => {
      if ((await systemd.property(UNIT, 'ActiveState')) === 'active') return true;
      throw new Error(
        `not active: ${(await systemd.control('status', UNIT)).output}\n${logOf(systemd)}`,
      );
    });
    assert.equal(await status(t, systemd), 200);
    assert.equal(await systemd.property(UNIT, 'NRestarts'), '1');
  },
);
