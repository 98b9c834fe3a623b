// `npm run screenshots`: docs/images, from a real server under load. It serves the shop of scripts/shop for a minute, to customers of every
// kind and with requests that hang, and takes the status page with Debian's chromium, dark and light, on a desk and on a phone, and
// `tunicorn top` in a terminal.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { root } from './run-step.mjs';
import { Customers } from './shop/customers.mjs';
import { takeTerminal } from './terminal-picture.mjs';

const TIMEOUT_S = 24;
/** So long before the pictures: what one sees then is this old. */
const LOAD_MS = 62_000;
/** So much of it the terminal takes. */
const TOP_MS = 6_000;
const BYTES_MAX = 300_000;
const IMAGES = `${root}docs/images`;

/** A context of the browser each, and what is looked at in it. */
const LOOKS = [
  {
    name: 'status-page',
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 1.5,
    from: null,
  },
  {
    name: 'status-page-phone',
    viewport: { width: 360, height: 780 },
    deviceScaleFactor: 2,
    from: '.lanes',
  },
];

await main();

async function main() {
  mkdirSync(IMAGES, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-shop-'));
  const controlSocket = join(folder, 'shop.ctl');
  const server = await serve(controlSocket);
  const customers = new Customers(server.port);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    console.log(`The shop is open for ${LOAD_MS / 1000} s ...`);
    visitShop(customers);
    await sleep(LOAD_MS - TOP_MS);
    await takeTop(controlSocket);
    for (const look of LOOKS) await take(browser, server.status, look);
  } finally {
    await browser.close();
    customers.leave();
    server.child.kill();
    rmSync(folder, { recursive: true });
  }
}

async function takeTop(controlSocket) {
  const command = [process.execPath, `${root}dist/programs/tunicorn.js`, 'top'];
  const path = `${IMAGES}/top.svg`;
  const title = 'tunicorn top: where connections wait, and what each thread runs for how long';
  const picture = { path, title, afterMs: TOP_MS - 1000 };
  await takeTerminal([...command, '--control-socket', controlSocket], picture);
  console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`);
}

/** Resolves when two workers are ready. */
async function serve(controlSocket) {
  const limits = ['--limit-rate', '12/s:24', '--forwarded-for'];
  const size = ['--workers', '2', '--threads', '4', '--timeout', `${TIMEOUT_S}`];
  const addresses = ['--bind', '127.0.0.1:0', '--status-bind', '127.0.0.1:0'];
  const waits = ['--keep-alive', '2', '--first-byte-timeout', '10', '--body-timeout', '30'];
  const control = ['--control-socket', controlSocket];
  const args = [...addresses, ...control, ...size, ...limits, ...waits, 'shop:application'];
  const child = spawn(process.execPath, [`${root}dist/programs/tunicorn.js`, ...args], {
    cwd: `${root}scripts/shop`,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  const found = (pattern) => pattern.exec(log)?.[1];
  for await (const text of child.stderr) {
    log += text;
    if (log.split('Worker ready').length > 2) break;
  }
  const port = Number(found(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/));
  const status = found(/Status page at: (\S+)/);
  if (!port || !status) throw new Error(`The server did not start:\n${log}`);
  return { child, port, status };
}

function visitShop(customers) {
  for (let each = 10; each < 56; each++) customers.lookAround(`203.0.113.${each}`);
  const at = (secondsBefore, deed) => setTimeout(deed, LOAD_MS - secondsBefore * 1000);
  at(48, () => customers.ask('/reports/2023', '203.0.113.61'));
  at(40, () => customers.flood('198.51.100.77'));
  at(15, () => customers.ask('/reports/2025', '203.0.113.62'));
  at(9, () => customers.ask('/reports/2026', '203.0.113.63'));
  for (const each of [5, 4, 2]) at(each, () => customers.stammer(`198.51.100.${each}`));
  for (const each of [4, 1]) at(each, () => customers.beSilent());
  for (const each of [26, 18, 12, 5]) at(each, () => customers.upload(`192.0.2.${each}`));
  for (const each of [25, 15, 6]) at(each, () => customers.download(`192.0.2.${each}`));
}

async function take(browser, url, { name, from, ...look }) {
  const page = await browser.newPage(look);
  await page.goto(url);
  if (from !== null) {
    await page.locator(from).evaluate((part) => part.scrollIntoView({ block: 'start' }));
  }
  // A browser that starts takes a processor of two for a moment.
  await sleep(2000);
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await settle(page);
    const path = `${IMAGES}/${name}-${colorScheme}.png`;
    await page.screenshot({ path });
    const { size } = statSync(path);
    console.log(`${path}: ${Math.round(size / 1000)} kB`);
    if (size > BYTES_MAX) throw new Error(`${path} is larger than ${BYTES_MAX} bytes.`);
  }
  await page.close();
}

/** A message has come, and dots that change their lane are where they belong. */
async function settle(page) {
  const uptime = () => page.locator('.name p').textContent();
  const before = await uptime();
  while ((await uptime()) === before) await sleep(10);
  await sleep(700);
}
