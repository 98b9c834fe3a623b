// What a line of the access log costs: making it, and making it and handing it to the file. Prints microseconds a line,
// the median of 9 rounds and the best one, which is nearer the truth on a busy machine. `--lines 50000` for each round.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileAccessFormat, defaultAccessFormat } from '../src/observe/access-format.ts';
import { accessJson, createAccessLog } from '../src/observe/access-log.ts';
import type { AccessRecord } from '../src/observe/access-record.ts';
import { temporaryFolder } from './leave-nothing.ts';

const { values: options } = parseArgs({ options: { lines: { type: 'string', default: '50000' } } });
const linesPerRound = Number(options.lines);
const linesPerTurn = 64;
const rounds = 9;

const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const browser = ['Host', 'localhost:8000', 'User-Agent', userAgent, 'Accept', 'text/html'].concat(
  ['Accept-Language', 'en', 'Accept-Encoding', 'gzip, br', 'Connection', 'keep-alive'],
  ['Referer', 'http://localhost:8000/some/page', 'Cookie', 'session=0123456789abcdef'],
);

function record(fields: readonly string[], number: number): AccessRecord {
  return {
    peer: { address: '127.0.0.1', port: 40000, serverName: '', serverPort: 0, scheme: 'http' },
    head: {
      method: 'GET',
      target: `/items/${number}?page=2`,
      path: `/items/${number}`,
      query: 'page=2',
      minorVersion: 1,
      fields,
    },
    status: '200 OK',
    replyFields: 'Content-Type: text/html\r\n',
    bodyBytes: 5120 + number,
    durationMs: 1.25,
    endCode: '--',
    failureCode: '',
    phases: { headMs: 0.1, bodyMs: 0, queueMs: 0.01, applicationMs: 1.2, writeMs: 0.05 },
  };
}

function median(values: number[]): string {
  values.sort((a, b) => a - b);
  return `${(values[values.length >> 1] ?? 0).toFixed(2)} (best ${(values[0] ?? 0).toFixed(2)})`;
}

function report(name: string, make: (record: AccessRecord) => string, fields: string[]): void {
  const records = Array.from({ length: 1000 }, (_, number) => record(fields, number));
  let length = 0;
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    for (let count = 0; count < linesPerRound; count += 1) {
      const one = records[count % records.length];
      if (one !== undefined) length += make(one).length;
    }
    costs.push(((performance.now() - began) * 1000) / linesPerRound);
  }
  console.log(`${name}: ${median(costs)} us a line (${length > 0 ? 'made' : 'nothing'})`);
}

/** In turns of 64 lines, as a busy loop does it; the wait for the disk is not ours. */
async function reportWriting(name: string, json: boolean): Promise<void> {
  const path = join(temporaryFolder('access-log'), 'access.log');
  const log = createAccessLog({ destination: path, format: defaultAccessFormat, json });
  const one = record(browser, 1);
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let spent = 0;
    for (let count = 0; count < linesPerRound; count += linesPerTurn) {
      const began = performance.now();
      for (let line = 0; line < linesPerTurn; line += 1) log.write(one);
      spent += performance.now() - began;
      if (count % (linesPerTurn * 16) === 0) log.flush();
      await new Promise(setImmediate);
    }
    costs.push((spent * 1000) / linesPerRound);
  }
  log.flush();
  log.close();
  console.log(`${name}: ${median(costs)} us a line, ${log.dropped} dropped`);
}

const line = compileAccessFormat(defaultAccessFormat);
const time = '[24/Nov/2026:21:59:19 +0000]';
const flat = (make: (record: AccessRecord) => string) => (one: AccessRecord) => `${make(one)}\n`;
report(
  'default format, wrk',
  flat((one) => line(one, time)),
  ['Host', '127.0.0.1:8000'],
);
report(
  'default format, browser',
  flat((one) => line(one, time)),
  browser,
);
report('JSON, browser', (one) => accessJson(one, new Date()), browser);
await reportWriting('default format, browser, to a file', false);
await reportWriting('JSON, browser, to a file', true);
