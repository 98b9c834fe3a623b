// Large bodies for real: an upload and a download of 2 GiB through a WSGI and through a Node.js application, over one
// connection each. Prints seconds, whether what arrived is what was sent (SHA-256 on both sides), the most memory that
// each process ever had (VmHWM, the kernel's own high-water mark), and the temporary files that were left.
// `--mib 2048`; `--app TEXT` keeps the applications whose name holds TEXT. Linux only.

import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { descendantsOf, nameOf, peakResidentBytes } from '../test/support/processes.ts';
import { findPython, root, tunicorn } from './contenders.ts';
import { temporaryFolder } from './leave-nothing.ts';
import { freePort, type Running, start } from './load.ts';

const MIB = 2 ** 20;

const { values: options } = parseArgs({
  options: { mib: { type: 'string', default: '2048' }, app: { type: 'string', default: '' } },
});
const mebibytes = Number(options.mib);

/** A client that fetches something large does not always begin to read at once: the server must put it somewhere. */
const READING_BEGINS_MS = 500;

interface App {
  readonly name: string;
  readonly folder: string;
  readonly args: readonly string[];
}

const APPS: readonly App[] = [
  {
    name: 'WSGI',
    folder: `${root}test/apps/wsgi`,
    args: ['--python', findPython(), '--threads', '2', 'large_bodies:app'],
  },
  { name: 'Node.js', folder: `${root}test/apps/node`, args: ['./large-bodies.mjs'] },
];

interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The body, when it is short. */
  readonly text: string;
}

/** Reads one response with Content-Length to its end, hashing the body as it comes. */
function readAnswer(socket: net.Socket): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const digest = createHash('sha256');
    let head = '';
    let text = '';
    let bytes = 0;
    let length = -1;
    const addBody = (piece: Buffer) => {
      digest.update(piece);
      bytes += piece.length;
      if (bytes <= 1000) text += piece.toString('latin1');
      if (bytes < length) return;
      const status = Number(head.slice(9, 12));
      resolve({ status, bytes, sha256: digest.digest('hex'), text });
    };
    socket.on('data', (piece) => {
      if (length >= 0) return addBody(piece);
      head += piece.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      length = Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1] ?? 0);
      addBody(Buffer.from(head.slice(end + 4), 'latin1'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`cut off after ${bytes} bytes of ${length}`)));
  });
}

/** The bytes that both sides know: mebibyte number k is filled with k % 251. */
function patternOf(index: number): Buffer {
  return Buffer.alloc(MIB, index % 251);
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function upload(port: number): Promise<string> {
  const socket = await connect(port);
  const answer = readAnswer(socket);
  const digest = createHash('sha256');
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${mebibytes * MIB}\r\n\r\n`);
  const send = async () => {
    for (let index = 0; index < mebibytes; index++) {
      const piece = patternOf(index);
      digest.update(piece);
      await new Promise<void>((resolve, reject) => {
        socket.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
  };
  // Whichever fails first is the reason; an answer that comes early is no end of the sending.
  const [{ status, text }] = await Promise.all([answer, send()]);
  socket.destroy();
  const wanted = { bytes: mebibytes * MIB, sha256: digest.digest('hex') };
  const told: unknown = status === 200 ? JSON.parse(text) : null;
  return sameHash(told, wanted) ? 'equal' : `DIFFERENT: ${status} ${text}`;
}

function sameHash(told: unknown, wanted: { bytes: number; sha256: string }): boolean {
  if (typeof told !== 'object' || told === null) return false;
  if (!('bytes' in told && 'sha256' in told)) return false;
  return told.bytes === wanted.bytes && told.sha256 === wanted.sha256;
}

async function download(port: number): Promise<string> {
  const socket = await connect(port);
  socket.write(`GET /${mebibytes} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await sleep(READING_BEGINS_MS);
  const { status, bytes, sha256 } = await readAnswer(socket);
  socket.destroy();
  const digest = createHash('sha256');
  for (let index = 0; index < mebibytes; index++) digest.update(patternOf(index));
  if (bytes === mebibytes * MIB && sha256 === digest.digest('hex')) return 'equal';
  return `DIFFERENT: ${status}, ${bytes} bytes`;
}

/** What is still there a second after the answer: a file is given back when the application has let go of the request. */
async function filesLeft(folder: string, family: readonly number[]): Promise<number> {
  for (let turn = 0; turn < 10 && filesOf(folder, family) > 0; turn++) await sleep(100);
  return filesOf(folder, family);
}

/** Files by name in the folder, and those without a name that a process of the server still has open. */
function filesOf(folder: string, family: readonly number[]): number {
  const open = family.flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)];
      } catch {
        return []; // closed between the two looks
      }
    }),
  );
  return readdirSync(folder).length + open.filter((path) => path.startsWith(folder)).length;
}

async function measure(app: App, server: Running, temporary: string): Promise<void> {
  const family = [server.pid, ...descendantsOf(server.pid)];
  for (const [what, transfer] of [
    ['upload', upload],
    ['download', download],
  ] as const) {
    const began = performance.now();
    const hashes = await transfer(server.port);
    const seconds = (performance.now() - began) / 1000;
    const peaks = family.map((pid, index) => {
      const role = ['arbiter', 'worker', 'Python'][index] ?? nameOf(pid);
      return `${role} ${Math.round(peakResidentBytes(pid) / MIB)}`;
    });
    const cells = [app.name, what, String(mebibytes), seconds.toFixed(1), hashes];
    cells.push(peaks.join(', '), String(await filesLeft(temporary, family)));
    console.log(`| ${cells.join(' | ')} |`);
  }
}

console.log(
  '| application | body | MiB | seconds | SHA-256 of both sides | most memory of each process so far, MiB | files left |\n' +
    '| --- | --- | --- | --- | --- | --- | --- |',
);
for (const app of APPS.filter(({ name }) => name.includes(options.app))) {
  const port = await freePort();
  const temporary = temporaryFolder('bodies');
  const command = [...tunicorn(port), '--tmp-dir', temporary, ...app.args];
  const server = await start(command, app.folder, port);
  try {
    await measure(app, server, temporary);
  } finally {
    await server.stop();
  }
}
