// Takes its own thread down in every way that an application can; the rows of the freeze table ask for these paths.
// Everything else is answered at once.

import { execSync } from 'node:child_process';
import { closeSync, existsSync, readFile, readFileSync } from 'node:fs';
import { MessagePort, parentPort, workerData } from 'node:worker_threads';

const BIG = 10 * 1024 * 1024;
const NOTHING = new Int32Array(new SharedArrayBuffer(4));
let runs = 0;

// While the file that LOADS_ONLY_IN names is there and holds a pid, no other process can load this.
const only = process.env['LOADS_ONLY_IN'];
if (only !== undefined && existsSync(only) && readFileSync(only, 'utf8') !== `${process.pid}`) {
  throw new Error(`not to be loaded in ${process.pid}`);
}

export default function app(req, res) {
  const [path, query] = req.url.split('?');
  if (path === '/sleep') return;
  if (path === '/spin') for (;;);
  // Holds the loop like that, and leaves the processor to others: for tests of who looks at it.
  if (path === '/nap') for (;;) Atomics.wait(NOTHING, 0, 0, 20);
  if (path === '/native' || path === '/command') execSync('sleep 1000');
  if (path === '/exit') process.exit(7);
  // Of a named pipe that nobody writes to: one thread of libuv's pool is lost.
  if (path === '/file') return void readFile(query, () => {});
  if (path === '/throw') {
    setTimeout(() => {
      throw new Error('asked to, in a callback');
    }, 1);
    return;
  }
  tamper(path, query, res);
  if (path === '/reject') {
    Promise.reject(new Error('asked to, in a promise'));
    return;
  }
  if (path === '/stream') {
    // The response begins at once and ends when the file that the query names is there.
    res.write('begun ');
    const timer = setInterval(() => {
      if (!existsSync(query)) return;
      clearInterval(timer);
      res.end('ended');
    }, 20);
    return;
  }
  if (path === '/raise') throw new Error('asked to');
  if (path === '/memory') for (const eaten = []; ; ) eaten.push(new Array(1e6).fill(eaten.length));
  // More in one piece than there is room for: V8 gives up at once and takes the process with it.
  if (path === '/memory-at-once') new Array(5e8).fill({});
  if (path === '/big') {
    let left = Number(query ?? BIG);
    res.setHeader('Content-Length', left);
    const more = () => {
      while (left > 0) {
        const piece = Buffer.alloc(Math.min(left, 65536));
        left -= piece.length;
        if (!res.write(piece) && left > 0) {
          res.once('drain', more);
          return;
        }
      }
      res.end();
    };
    more();
    return;
  }
  const answer = () => {
    res.setHeader('Content-Type', 'text/plain');
    res.end('Hello, World!');
  };
  // Holds the thread, and no processor.
  if (path === '/block') {
    runs += 1;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * Number(query ?? 0.02));
  }
  // How often /block has begun in this thread.
  if (path === '/runs') res.end(String(runs));
  else if (path === '/read') req.resume().on('end', answer);
  else if (path === '/pause') setTimeout(answer, 1000 * Number(query ?? 0.02));
  else answer();
}

/** Reaches for what is not the application's; the request is answered as any other. */
function tamper(path, query, res) {
  if (path === '/garbage') {
    // The port is hidden, but an application that looks for it finds it.
    const port = process._getActiveHandles().find((each) => each instanceof MessagePort);
    port.postMessage(JSON.parse(decodeURIComponent(query)));
  }
  if (path === '/post') {
    for (const each of ['garbage', [3, 1, '200 OK', '', 1, 'x'], null])
      parentPort.postMessage(each);
    res.setHeader('Worker-Data', JSON.stringify(workerData));
  }
  if (path === '/close-all') {
    for (let fd = 3; fd < 256; fd++) {
      try {
        closeSync(fd);
      } catch {
        // There is none.
      }
    }
  }
}
