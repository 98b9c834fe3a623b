// The status page as people see it: a real chromium looks at a real server under load. What it shows is what the clients got, a request
// that hangs is red and tells where, what happened says why, and nobody is shut out. Seen to fail: a rate that is shown as that of two
// seconds, marks that do not redden, a table that cannot be scrolled with keys, an inline style.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import test, { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { DESK, type Look, launchBrowser, needsBrowser, Visit } from '../support/browser.ts';
import { CountingClients } from '../support/counting-clients.ts';
import { eventually, type Served, serveNode, serveWsgi } from './serving.ts';

/** A request that hangs is red after three fifths of it. */
const TIMEOUT_S = 8;
const CLIENTS = 8;
const TOKEN = 'open-sesame';
/** Of sixty pictures a second. */
const PICTURE_MS = 1000 / 60;
const MANY = 10_000;

let server: Served;
let status: string;
let browser: Browser | null = null;
let visit: Visit;
/** One that wants a token, with a Node.js application. */
let lockedServer: Served;
let lockedStatus: string;
let locked: Visit;

before(async () => {
  browser = await launchBrowser();
  if (browser === null) return;
  const args = ['--workers', '2', '--threads', '4', '--timeout', `${TIMEOUT_S}`];
  // Room for all, and time for them to be counted.
  args.push('--worker-connections', '9000', '--first-byte-timeout', '300');
  args.push('--reduce-timeouts-at', '100', '--status-bind', '127.0.0.1:0');
  server = await serveWsgi('freezes:app', args, { readyWorkers: 2 });
  status = await statusOf(server);
  lockedServer = await serveLocked('127.0.0.1:0');
  lockedStatus = await statusOf(lockedServer);
  locked = await Visit.pay(browser, `http://${lockedStatus}/`);
  visit = await Visit.pay(browser, `http://${status}/`);
  await visit.page.locator('[data-line="live"]').waitFor();
});

after(async () => browser?.close());

function serveLocked(at: string): Promise<Served> {
  const args = [
    '--threads',
    '2',
    '--timeout',
    `${TIMEOUT_S}`,
    '--status-bind',
    at,
    '--status-token',
    TOKEN,
  ];
  return serveNode('./freezes.mjs', args);
}

async function statusOf(served: Served): Promise<string> {
  return (await served.server.line(/Status page at: http:\/\/([^/]+)\//))[1] ?? '';
}

/** In the page: what each second had, as the chart tells it, gathered while they come. */
const GATHER = `
  window.seconds = new Map();
  window.gathering = setInterval(() => {
    const chart = document.querySelector('.chart');
    const rate = chart.querySelector('dd').textContent.replace(/[^\\d.]/g, '');
    window.seconds.set(chart.dataset.at, Number(rate));
  }, 100)`;

test('the numbers on the page are those of the load generator', needsBrowser, async (t) => {
  await visit.evaluate(GATHER);
  const clients = new CountingClients(server.port, CLIENTS, '/pause?0.01');
  await eventually(() => clients.answered > 1000);
  // Each client has one connection, all of which are in some lane.
  assert.equal(await visit.number('[data-value="connections"]'), CLIENTS);
  await clients.stop();
  assert.deepEqual(clients.lost, []);
  const total = (): Promise<number> => visit.number('[data-total="Answered 2xx"]');
  await eventually(async () => (await total()) >= clients.answered * 0.98);
  // The last point is a second old.
  await eventually(async () => (await visit.number('[data-value="Requests all"]')) === 0);
  const sum = await visit.evaluate<number>(
    'clearInterval(gathering), [...seconds.values()].reduce((all, one) => all + one, 0)',
  );
  t.diagnostic(`clients ${clients.answered}, page ${await total()}, its seconds added up ${sum}`);
  within2Percent(await total(), clients.answered);
  within2Percent(sum, clients.answered);
  const p50 = await visit.evaluate<string>(
    `document.querySelectorAll('.words')[1].textContent + document.querySelectorAll('.words')[0].textContent`,
  );
  assert.match(
    p50,
    /^p99 at most [\d.]+m?s at [\d:]{8}\.At most \d+\/s at [\d:]{8}; none failed\.$/,
  );
});

function within2Percent(shown: number, wanted: number): void {
  assert.ok(Math.abs(shown - wanted) <= wanted * 0.02, `${shown} shown, ${wanted} were`);
}

/** In the page: the most pixels of marks that were red at once, looked at while they come and go. */
const WATCH_RED = `
  window.mostRed = 0;
  const canvas = document.querySelector('.lanes canvas');
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d', { willReadFrequently: true });
  window.watchingRed = setInterval(() => {
    context.clearRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [r, g, b, a] = data.subarray(at, at + 4);
      if (a === 255 && r > 200 && r > g + 60 && r > b + 40) red += 1;
    }
    window.mostRed = Math.max(mostRed, red);
  }, 200)`;

test(
  'a Python request that hangs is seen red and where it is, and then why it ended',
  needsBrowser,
  async () => {
    await visit.evaluate(WATCH_RED);
    const hung = fetch(`http://127.0.0.1:${server.port}/sleep?secret=1`);
    const row = visit.page.locator('.threads li', { hasText: 'GET /sleep' });
    await row.waitFor();
    const [calm, early] = [await row.getAttribute('class'), await visit.evaluate('mostRed')];
    await visit.page.locator('.threads li.is-late', { hasText: 'GET /sleep' }).waitFor();
    assert.equal(calm, 'is-busy');
    assert.equal(early, 0, 'red before it was late');
    await visit.evaluate('clearInterval(watchingRed)');
    const [age, hot] = await visit.evaluate<[string, string]>(
      `[getComputedStyle(document.querySelector('.is-late .age')).color, getComputedStyle(document.querySelector('.reddens')).color]`,
    );
    assert.equal(age, hot);
    await row.getByRole('button').first().click();
    const stack = visit.page.locator('.opened pre');
    await stack.waitFor();
    assert.match(
      (await stack.textContent()) ?? '',
      /freezes\.py", line \d+, in app\n\s+time\.sleep\(100000\)/,
    );

    assert.equal((await hung).status, 504);
    const event = visit.page.locator('.events li[data-kind="timed out"]');
    await event.waitFor();
    assert.match((await event.textContent()) ?? '', /GET \/sleep .*timeout/s);
    assert.doesNotMatch(await visit.text('body'), /secret/);
    await eventually(async () => /timed out/.test(await visit.text('[role=status]')));
  },
);

test('everything is reached, opened and closed with the keyboard', needsBrowser, async () => {
  const { keyboard } = visit.page;
  await visit.page.locator('.skip').focus();
  const walked = [await visit.focused()];
  for (let each = 0; each < 40; each++) {
    await keyboard.press('Tab');
    walked.push(await visit.focused());
    if (/^Each worker/.test(walked.at(-1) ?? '')) break;
  }
  const wanted = [
    /^To the numbers/,
    /^auto/,
    /^Requests, the moment/,
    /^Queue wait, the moment/,
    /^handshake 0 connections/,
    /^keep-alive /,
    /^As a table/,
    /^thread 1/,
    /^Each worker/,
  ];
  const places = wanted.map((one) => walked.findIndex((text) => one.test(text)));
  assert.ok(!places.includes(-1), walked.join(' | '));
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );

  await visit.page.getByRole('button', { name: /^handshake/ }).focus();
  await keyboard.press('ArrowRight');
  assert.match(await visit.focused(), /^new 0 /);
  await keyboard.press('Enter');
  await visit.page.getByRole('dialog', { name: 'Connections: new' }).waitFor();
  await keyboard.press('Escape');
  await visit.page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.match(await visit.focused(), /^new 0 /);

  const chart = visit.page.getByRole('slider', { name: /^Requests/ });
  await chart.focus();
  await keyboard.press('ArrowLeft');
  await keyboard.press('ArrowLeft');
  const [now, last, words] = await visit.evaluate<[number, number, string]>(
    `((it) => [Number(it.ariaValueNow), Number(it.ariaValueMax), it.ariaValueText])(document.activeElement)`,
  );
  assert.ok(now < last, `${now} of ${last}`);
  assert.match(words, /^[\d:]{8}: all [\d.]+\/s, failed [\d.]+\/s$/);
  const pause = visit.page.getByRole('button', { name: 'Pause' });
  await pause.focus();
  await keyboard.press('Space');
  await visit.page.getByRole('button', { name: 'Go on', pressed: true }).waitFor();
  await keyboard.press('Space');
});

test(
  'Esc closes what is open, within it first, and one thing at a time',
  needsBrowser,
  async () => {
    const { keyboard } = visit.page;
    const chart = visit.page.getByRole('slider', { name: /^Requests/ });
    const opened = visit.page.locator('.threads .row[aria-expanded="true"]');
    // What a test before may have opened.
    await keyboard.press('Escape');
    await opened.waitFor({ state: 'detached' });
    await visit.page.locator('.threads .row').first().focus();
    await keyboard.press('Enter');
    await opened.waitFor();
    await chart.focus();
    await keyboard.press('ArrowLeft');
    await keyboard.press('Escape');
    assert.equal(await visit.evaluate('document.activeElement.ariaValueText'), 'now');
    assert.equal(await opened.count(), 1, 'Esc in a chart closed a thread as well');
    // From anywhere, and from within it.
    await keyboard.press('Escape');
    await opened.waitFor({ state: 'detached' });
    assert.match(await visit.focused(), /^Requests, the moment/);
    await visit.page.locator('.threads .row').first().focus();
    await keyboard.press('Enter');
    await visit.page.getByRole('button', { name: 'Look again' }).focus();
    await keyboard.press('Escape');
    await opened.waitFor({ state: 'detached' });
    assert.match(await visit.focused(), /^thread \d/);
    await visit.page.locator('.as-table summary').focus();
    await keyboard.press('Enter');
    await visit.page.locator('.as-table[open]').waitFor();
    await keyboard.press('Escape');
    await visit.page.locator('.as-table[open]').waitFor({ state: 'detached' });
  },
);

const LOOKS: readonly Look[] = [
  DESK,
  { ...DESK, colorScheme: 'light' },
  { width: 360, height: 780, colorScheme: 'dark' },
  { width: 360, height: 780, colorScheme: 'light' },
];

test(
  'nobody is shut out: contrast, names, landmarks, in dark and light, on a desk and on a phone',
  needsBrowser,
  async () => {
    const { page } = visit;
    await page.locator('.as-table summary').click();
    await page.locator('.threads .row').first().click();
    for (const { width, height, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await visit.barriers(), [], `${colorScheme}, ${width} wide`);
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      assert.equal(await visit.evaluate(over), 0, `${width} wide: it scrolls sideways`);
    }
    await page.getByRole('button', { name: /^queued/ }).click();
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await visit.barriers(), [], 'with a dialog');
    await page.keyboard.press('Escape');
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: DESK.colorScheme });
  },
);

test('with 10,000 connections the counts are true and the page moves', needsBrowser, async (t) => {
  // What a process may open here, less what it has.
  const [, may = '0'] =
    /Max open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  const count = Math.min(MANY, Number(may) - 500);
  const sockets = await connectMany(server.port, count);
  try {
    const shown = (): Promise<number> => visit.number('tr[data-state="new"] td:nth-of-type(2)');
    await eventually(async () => (await shown()) === count);
    assert.equal(await visit.number('[data-value="connections"]'), count);
    assert.match(await visit.text('.lanes .aside'), /Each dot is \d+ connections/);
    await visit.page.emulateMedia({ reducedMotion: 'no-preference' });
    const { pictures, workMs, p50, p99, most, tasks } = await visit.smoothness();
    const times = [p50, p99, most].map((one) => one.toFixed(1)).join(', ');
    t.diagnostic(
      `${count} connections: ${pictures} pictures, each ${workMs.toFixed(1)} ms of work, every ${times} ms (p50, p99, most), tasks over 50 ms: ${tasks.length}`,
    );
    // What the machine does beside it makes pictures late, and adds nothing to the work for one.
    assert.ok(workMs < PICTURE_MS / 2, `${workMs} ms of work for each picture`);
    assert.ok(p50 < 3 * PICTURE_MS && most < 1000, `pictures every ${times} ms`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await visit.page.emulateMedia({ reducedMotion: 'reduce' });
  }
});

async function connectMany(port: number, count: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  const ATONCE = 200;
  for (let from = 0; from < count; from += ATONCE) {
    const some = Array.from({ length: Math.min(ATONCE, count - from) }, () =>
      net.connect({ port, host: '127.0.0.1' }),
    );
    sockets.push(...some);
    await Promise.all(
      some.map(
        (socket) =>
          new Promise((resolve, reject) => {
            socket.once('connect', resolve);
            socket.on('error', reject);
          }),
      ),
    );
  }
  return sockets;
}

test(
  'a token is asked for, and kept for this tab; or it comes in the address',
  needsBrowser,
  async () => {
    const { page } = locked;
    const prompt = page.getByRole('dialog', { name: 'This server wants a token' });
    await prompt.waitFor();
    assert.deepEqual(await locked.barriers(), []);
    // It is asked for as long as it is wanted.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await prompt.getByText('not the token of this server').waitFor();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await prompt.waitFor({ state: 'detached' });
    await page.locator('[data-line="live"]').waitFor();
    await page.reload();
    await page.locator('[data-line="live"]').waitFor();

    assert.ok(browser);
    const linked = await Visit.pay(browser, `http://${lockedStatus}/#token=${TOKEN}`);
    await linked.page.locator('[data-line="live"]').waitFor();
    assert.equal(linked.page.url(), `http://${lockedStatus}/`);
    await linked.page.close();
  },
);

test('a Node.js request that hangs is seen red and where it is', needsBrowser, async () => {
  const { page } = locked;
  const hung = fetch(`http://127.0.0.1:${lockedServer.port}/nap`);
  const row = page.locator('.threads li', { hasText: 'GET /nap' });
  await row.getByRole('button').first().click();
  await page.locator('.opened pre').waitFor();
  assert.match(await locked.text('.opened pre'), /app .*freezes\.mjs:\d+/);
  await page.locator('.threads li.is-late', { hasText: 'GET /nap' }).waitFor();
  assert.equal((await hung).status, 504);
  await page.locator('.events li[data-kind="timed out"]', { hasText: 'GET /nap' }).waitFor();
});

test(
  'a page without its server says so, and finds the next one by itself',
  needsBrowser,
  async () => {
    const { page } = locked;
    const before = await locked.text('footer');
    await lockedServer.stop();
    await page.locator('.banner', { hasText: 'Not connected. What is shown is' }).waitFor();
    assert.equal(await page.locator('main.is-old').count(), 1);
    await page.locator('.banner', { hasText: /Trying again in [\d.]+s\./ }).waitFor();
    assert.deepEqual(await locked.barriers(), [], 'while the server is away');
    lockedServer = await serveLocked(lockedStatus);
    await page.locator('[data-line="live"]').waitFor();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await eventually(async () => (await locked.text('footer')) !== before);
    assert.equal(await page.locator('.events li[data-kind="timed out"]').count(), 0);
  },
);

test(
  'the page asked its own address alone, and the browser had nothing to complain of',
  needsBrowser,
  () => {
    assert.deepEqual(visit.complaints, []);
    // Refused without a token, and while nobody was there: both were meant to be.
    const others = locked.complaints.filter((one) => !/Failed to load resource/.test(one));
    assert.deepEqual(others, []);
    const hosts = [...visit.asked, ...locked.asked].map((url) => new URL(url).host);
    assert.deepEqual([...new Set(hosts)], [status, lockedStatus]);
  },
);
