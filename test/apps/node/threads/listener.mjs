// A (req, res) listener with a route for each thing that a test looks at.

import { execSync } from 'node:child_process';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';

const seen = new Map();
const note = (key, event) => seen.set(key, [...(seen.get(key) ?? []), event]);
let later;

const routes = {
  '/facts': (req, res) => {
    const socket = req.socket;
    res.setHeader('content-type', 'application/json');
    res.end(
      JSON.stringify({
        method: req.method,
        url: req.url,
        versions: [req.httpVersion, req.httpVersionMajor, req.httpVersionMinor],
        rawHeaders: req.rawHeaders,
        headers: req.headers,
        distinct: req.headersDistinct,
        remote: [socket.remoteAddress, socket.remotePort, socket.remoteFamily],
        local: [socket.localAddress, socket.localPort],
        encrypted: socket.encrypted,
        same: req.socket === res.socket && req.connection === req.socket,
        chained: socket.setTimeout(0).setNoDelay(true).setKeepAlive(true).ref().unref() === socket,
        writable: [socket.writable, res.writable, res.headersSent],
      }),
    );
  },
  '/echo': async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    res.end(Buffer.concat(parts));
  },
  '/length': (req, res) => {
    let length = 0;
    req.on('data', (part) => {
      length += part.length;
    });
    req.on('end', () => res.end(String(length)));
  },
  '/unread': (_req, res) => res.end('not read'),
  '/pause': (req) => {
    req.on('data', () => req.pause());
  },
  '/respond-then-read': (req, res) => {
    res.end('early');
    let length = 0;
    req.on('data', (part) => {
      length += part.length;
    });
    req.on('end', () => note('tail', length));
  },
  '/write': (_req, res) => {
    res.writeHead(201, 'Made', { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'] });
    res.write('one ');
    res.write(Buffer.from('two '));
    res.end('thr\u00e9e');
  },
  '/flush': async (_req, res) => {
    res.flushHeaders();
    await once(process, 'test:go');
    res.end();
  },
  '/hints': (_req, res) => {
    res.writeContinue();
    res.writeProcessing();
    res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style', 'x-trace': 'id' });
    res.end('done');
  },
  '/bad-hints': (_req, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload', 'x-trace': 'id\r\nInjected: yes' });
    res.end('done');
  },
  '/trailers': (_req, res) => {
    res.setHeader('Trailer', 'X-Sum');
    res.write('body');
    res.addTrailers({ 'X-Sum': '4' });
    res.end();
  },
  '/no-date': (_req, res) => {
    res.sendDate = false;
    res.statusCode = 404;
    res.statusMessage = 'Nowhere';
    res.end();
  },
  '/204': (_req, res) => res.writeHead(204).end(),
  '/chunked-by-hand': (_req, res) => {
    res.writeHead(200, { 'Transfer-Encoding': 'chunked', 'X-After': 'yes' });
    res.end('plain');
  },
  '/strict': (_req, res) => {
    res.strictContentLength = true;
    res.setHeader('Content-Length', 3);
    res.end('four');
  },
  '/latin1': (_req, res) => {
    res.setHeader('X-Name', 'caf\u00e9');
    res.setHeader('Content-Disposition', 'attachment; filename="caf\u00e9"');
    res.end(Buffer.from([0, 128, 255]));
  },
  '/large': (_req, res) => res.end(Buffer.alloc(1_000_000, 'x')),
  '/pump': async (_req, res) => {
    const chunk = Buffer.alloc(64 * 1024, 'y');
    let written = 0;
    let drains = 0;
    while (written < 64) {
      written += 1;
      if (!res.write(chunk)) {
        note('pump', `paused ${written} ${res.writableNeedDrain}`);
        await once(res, 'drain');
        drains += 1;
      }
    }
    res.end();
    await once(res, 'finish');
    note('pump', `drained ${drains > 0} ${res.writableFinished}`);
  },
  '/inject': (_req, res) => {
    res.setHeader('X-A', 'b\r\nX-C: d');
  },
  '/shifting': (req, res) => {
    const [way, honest] = req.url.split('?')[1].split('-');
    shiftingWays[way](res, shifting(Number(honest)));
  },
  '/as-express': (req, res) => {
    // Express gives each request and response a prototype of its own, between the object and Node's class.
    const prototype = Object.create(ServerResponse.prototype);
    prototype.send = function send(text) {
      this.setHeader('X-Powered-By', 'test');
      return this.end(text);
    };
    Object.setPrototypeOf(res, prototype);
    Object.setPrototypeOf(req, Object.create(IncomingMessage.prototype));
    req.setEncoding('utf8');
    let text = '';
    req.on('data', (part) => {
      text += part;
    });
    req.on('end', () => res.send(text));
  },
  '/throw': () => {
    throw new Error('thrown on purpose');
  },
  '/reject': async () => {
    await null;
    throw new Error('rejected on purpose');
  },
  '/throw-late': async (_req, res) => {
    res.write('begun');
    await null;
    throw new Error('after the head');
  },
  '/hang': (req, res) => {
    for (const event of ['aborted', 'close', 'error']) {
      req.on(event, (error) => note('hang', `req ${event}${error ? ` ${error.code}` : ''}`));
    }
    res.on('close', () => note('hang', `res close finished=${res.writableFinished}`));
    req.socket.on('close', () => note('hang', `socket close ${req.socket.destroyed}`));
  },
  '/ends': (req, res) => {
    res.on('finish', () => note('ends', `finish ${res.writableFinished}`));
    res.on('close', () => note('ends', `res close ${res.destroyed}`));
    req.on('close', () => note('ends', `req close aborted=${req.aborted}`));
    res.end('x', () => note('ends', 'callback'));
  },
  '/hang-up': (req) => req.socket.destroy(),
  '/idle': (req, res) => {
    req.setTimeout(20);
    res.on('timeout', () => res.end('timed out'));
  },
  '/spin': () => {
    function spinForever() {
      for (;;) later = Date.now();
    }
    spinForever();
  },
  '/busy': (_req, res) => {
    const until = Date.now() + 500;
    while (Date.now() < until);
    res.end('done');
  },
  '/extend': (req, res) => res.end(JSON.stringify([0.5, 1, 5000].map(req.extendTimeout, req))),
  '/extend-badly': (req, res) => {
    const said = ['1', null, true, -1, Number.NaN, Infinity].map((seconds) => {
      try {
        return req.extendTimeout(seconds);
      } catch (error) {
        return error.name;
      }
    });
    res.end(said.join(' '));
  },
  '/extend-late': (req, res) => {
    res.end('ended');
    note('late', req.extendTimeout(10));
  },
  '/extend-and-spin': (req) => {
    req.extendTimeout(Number(req.headers['x-seconds']));
    for (;;);
  },
  '/native': () => execSync('sleep 4'),
  '/late-throw': (_req, _res) => setTimeout(() => throwLater(), 1),
  '/unhandled': () => void Promise.reject(new Error('nobody caught this')),
  '/exit': () => process.exit(7),
  '/memory': () => {
    // A list of small objects: a single large one takes the whole process with it (node#47224).
    let hoard = null;
    for (;;) hoard = { hoard, later };
  },
  '/seen': (req, res) => res.end(JSON.stringify(seen.get(req.headers['x-key']) ?? [])),
  '/go': (_req, res) => {
    process.emit('test:go');
    res.end();
  },
  '/gate': (_req, res) => {
    const gate = new Int32Array(globalThis.gate ?? new SharedArrayBuffer(4));
    res.end(String(gate[0]));
  },
  '/env': (_req, res) => res.end(process.env.TUNICORN_TEST),
};

/** Says what is harmless so many times, and then another field. */
function shifting(honest) {
  let asked = 0;
  return {
    toString: () => {
      asked += 1;
      return asked > honest ? 'b\r\nX-Evil: 1' : 'fine';
    },
  };
}

const shiftingWays = {
  set: (res, value) => res.setHeader('X-A', value).end(),
  many: (res, value) => res.setHeader('X-A', ['one', value]).end(),
  later: (res, value) => {
    const values = ['fine'];
    res.setHeader('X-A', values);
    values.push(String(value));
    res.end();
  },
  got: (res, value) => {
    res.setHeader('X-A', ['fine']);
    res.getHeader('X-A').push(String(value));
    res.end();
  },
  head: (res, value) => res.writeHead(200, { 'X-A': value }).end(),
  flat: (res, value) => res.writeHead(200, ['X-A', value]).end(),
  pairs: (res, value) => res.writeHead(200, [['X-A', value]]).end(),
  reason: (res, value) => {
    res.statusMessage = value;
    res.end();
  },
  trailer: (res, value) => {
    res.write('x');
    res.addTrailers({ 'X-A': value });
    res.end();
  },
  hint: (res, value) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload', 'x-a': value });
    res.end();
  },
};

function throwLater() {
  throw new Error('thrown from a timer');
}

export default function listener(req, res) {
  const route = routes[req.url.split('?')[0]];
  if (route === undefined) {
    res.statusCode = 404;
    return res.end();
  }
  return route(req, res);
}
