// What `--preload` saves: the memory of all Python processes of a server whose application holds 100 MB, without and with it,
// as the kernel shares it out among them (PSS), at rest and after every worker has answered some requests. Prints and asserts
// nothing; test/end-to-end/preload.test.ts asserts. `--workers 4 --mib 100 --seconds 2`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CountingClients } from '../test/support/counting-clients.ts';
import { eventually } from '../test/support/eventually.ts';
import { descendantsOf, nameOf, residentBytes } from '../test/support/processes.ts';
import { temporaryFolder } from './leave-nothing.ts';
import { freePort, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '4' },
    mib: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '2' },
    python: { type: 'string', default: 'python3' },
  },
});

const APP = `
ONE = b"x" * (${Number(options.mib)} << 19)
MANY = [str(number) for number in range(${Number(options.mib)} << 13)]

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "1")])
    return [b"%d" % (len(MANY[hash(environ["PATH_INFO"]) % 1000]) % 10)]
`;

const folder = temporaryFolder('memory');
const workers = Number(options.workers);
const command = fileURLToPath(new URL('../programs/tunicorn.js', import.meta.url));

function pythonsOf(pid: number): number[] {
  return descendantsOf(pid).filter((each) => nameOf(each).startsWith('python'));
}

/** Proportional set size: a page that three processes have counts a third in each. */
function pssMib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) / 1024;
}

async function row(name: string, more: readonly string[], processes: number): Promise<void> {
  const port = await freePort();
  const words = [
    process.execPath,
    command,
    '--bind',
    `127.0.0.1:${port}`,
    '--python',
    options.python,
  ];
  const args = ['-w', String(workers), '--threads', '4', ...more, 'main:app'];
  const server = await start([...words, ...args], folder, port);
  try {
    const pythons = await eventually(() => {
      const found = pythonsOf(server.pid);
      const haveLoaded = found.every((pid) => residentBytes(pid) > Number(options.mib) * 2 ** 20);
      return found.length === processes && haveLoaded ? found : null;
    }, `${processes} Python processes`);
    const sum = (): string => pythons.reduce((all, pid) => all + pssMib(pid), 0).toFixed(0);
    const atRest = sum();
    const clients = new CountingClients(port, 8 * workers);
    await sleep(Number(options.seconds) * 1000);
    await clients.stop();
    console.log(`| ${name} | ${processes} | ${atRest} MiB | ${sum()} MiB | ${clients.answered} |`);
  } finally {
    await server.stop();
  }
}

writeFileSync(join(folder, 'main.py'), APP);
console.log('| | Python processes | together (PSS) | after requests | how many |');
console.log('| --- | --- | --- | --- | --- |');
await row('without', [], workers);
await row('--preload', ['--preload'], workers + 1);
