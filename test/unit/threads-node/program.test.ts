// Programs that call `listen`, in a real thread: where a program wanted to listen (listen-arguments.test.ts has every form), and
// servers that close or come late. Tried on purpose, and seen to fail: an address that is told as an object where it is a path.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { ALONE } from '../../../src/threads/node/host/start-guest.ts';
import type { AskedAddress } from '../../../src/wire/addresses.ts';
import type { ProgramTerms } from '../../../src/wire/node-thread.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/listening-socket.ts';
import { FakeSource, killAll, makeThread } from './fake-job.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-programs-'));
after(() => rmSync(folder, { recursive: true }));
afterEach(killAll);

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Nobody has said where to listen. */
const ASKED: ProgramTerms = { ...ALONE, bound: null };

describe('a program in a thread', () => {
  for (const [name, text, asked] of [
    [
      'on-a-port.mjs',
      `import http from 'node:http';
       http.createServer((_, res) => res.end('on a port')).listen(3000);`,
      { kind: 'port', host: null, port: 3000 },
    ],
    [
      'on-a-path.cjs',
      `require('node:http').createServer((_, res) => res.end('on a path')).listen('/run/app.sock');`,
      { kind: 'path', path: '/run/app.sock' },
    ],
    [
      'later.mjs',
      `import http from 'node:http';
       setTimeout(() => http.createServer((_, res) => res.end('later')).listen(3000, '::1'), 50);`,
      { kind: 'port', host: '::1', port: 3000 },
    ],
    [
      'export-with-port.mjs',
      `export default { port: '3001', hostname: 'localhost', fetch: () => new Response('export with port') };`,
      { kind: 'port', host: 'localhost', port: 3001 },
    ],
    [
      'awaits-listening.mjs',
      `import http from 'node:http';
       const server = http.createServer((_, res) => res.end('awaits listening'));
       await new Promise((listening) => server.listen({ port: 3000 }, listening));`,
      { kind: 'port', host: null, port: 3000 },
    ],
    [
      'awaits-any-port.mjs',
      `import http from 'node:http';
       const server = http.createServer((_, res) => res.end('awaits any port'));
       await new Promise((listening) => server.listen(0, listening));`,
      { kind: 'port', host: null, port: 0 },
    ],
    [
      'two-hosts.mjs',
      `import http from 'node:http';
       const listener = (_, res) => res.end('two hosts');
       for (const host of ['127.0.0.1', '::1']) {
         await new Promise((done) => http.createServer(listener).listen(3000, host, done));
       }`,
      { kind: 'port', host: '127.0.0.1', port: 3000 },
    ],
    [
      'tells-its-path.cjs',
      `const server = require('node:http').createServer((_, res) => res.end(told));
       let told;
       server.listen('/run/tells.sock', () => (told = server.address() === '/run/tells.sock' && 'tells its path'));`,
      { kind: 'path', path: '/run/tells.sock' },
    ],
    [
      'tells-its-number.mjs',
      `import http from 'node:http';
       const server = http.createServer((_, res) => res.end(told));
       let told;
       server.listen(3000, 'localhost', () => (told = /^127|^::1$/.test(server.address().address) && 'tells its number'));`,
      { kind: 'port', host: 'localhost', port: 3000 },
    ],
    ['export.mjs', `export default (_, res) => res.end('export');`, null],
    [
      'closes-and-opens.mjs',
      `import http from 'node:http';
       const first = http.createServer().listen(3000, () => first.close(() => {
         http.createServer((_, res) => res.end('closes and opens')).listen(3000);
       }));
       await new Promise((done) => setTimeout(done, 50));`,
      { kind: 'port', host: null, port: 3000 },
    ],
  ] as readonly [string, string, AskedAddress | null][]) {
    it(`${name} is served, and says where it wants to listen`, async () => {
      const { thread, run } = makeThread(written(name, text), { program: ASKED });
      assert.deepEqual(await thread.start(), asked);
      assert.equal((await run('/').done()).text, name.replace(/\.\w+$/, '').replaceAll('-', ' '));
    });
  }

  for (const [what, manifest] of [
    [
      'the start script',
      { main: 'index.js', scripts: { start: 'NODE_ENV=production node --trace-warnings app' } },
    ],
    ['nothing, as npm start does', { name: 'nameless' }],
  ] as const) {
    it(`is found in a folder by ${what}`, async () => {
      const text = `require('node:http').createServer((_, res) => res.end('found')).listen(3000);`;
      const name = 'scripts' in manifest ? 'app.js' : 'server.js';
      const path = mkdtempSync(join(folder, 'folder-'));
      writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
      writeFileSync(join(path, name), text);
      const { thread, run } = makeThread(path);
      await thread.start();
      assert.equal((await run('/').done()).text, 'found');
    });
  }

  it('is run once, also when it fails in the middle', async () => {
    const marks = join(folder, 'marks');
    const app = written(
      'fails-late.js',
      `require('node:fs').appendFileSync('${marks}', 'x');
       require('${written('broken.cjs', 'export const wrong = 1;')}');`,
    );
    await assert.rejects(makeThread(app).thread.start(), /Unexpected token 'export'/);
    assert.equal(readFileSync(marks, 'utf8'), 'x');
  });

  for (const [what, callback, words] of [
    ['throws', "() => { throw new Error('no database'); }", /no database/],
    ['ends its process', '() => process.exit(1)', /process\.exit\(1\)/],
  ] as const) {
    for (const kind of ['cjs', 'mjs']) {
      it(`whose callback ${what} has not booted (${kind})`, async () => {
        const http =
          kind === 'cjs' ? "const http = require('node:http')" : "import http from 'node:http'";
        const app = written(
          `fails.${kind}`,
          `${http};\nhttp.createServer().listen(3000, ${callback});`,
        );
        await assert.rejects(makeThread(app).thread.start(), words);
      });
    }
  }

  it('that closes its server is given nothing until another listens', async () => {
    const app = written(
      'closes-for-a-while.mjs',
      `import http from 'node:http';
       const next = http.createServer((_, res) => res.end('second'));
       const server = http.createServer((_, res) => {
         server.close(() => setTimeout(() => next.listen(3000), 300));
         setTimeout(() => res.end('first'), 100);
       }).listen(3000);`,
    );
    const { thread, run } = makeThread(app);
    await thread.start();
    const first = run('/').done();
    await eventually(() => thread.room === 0, 'the thread to rest');
    assert.equal((await first).text, 'first');
    await eventually(() => thread.room > 0, 'the second server');
    assert.equal((await run('/').done()).text, 'second');
  });

  it('that answers and ends its process has answered', async () => {
    const app = written(
      'answers-and-exits.mjs',
      `import http from 'node:http';
       http.createServer((_, res) => {
         res.end('goodbye');
         process.exit(0);
       }).listen(3000);`,
    );
    const { thread, run } = makeThread(app);
    await thread.start();
    assert.equal((await run('/').done()).text, 'goodbye');
  });

  it('whose client expects what nobody knows counts no request afterwards', async () => {
    const app = written(
      'expects.mjs',
      `import http from 'node:http';
       const server = http.createServer((_, res) => {
         server.getConnections((_error, count) => res.end(String(count)));
       }).listen(3000);`,
    );
    const { thread, run } = makeThread(app);
    await thread.start();
    const source = new FakeSource();
    const body = { kind: 'stream', source } as const;
    const refused = await run('/', { method: 'POST', expects: 'other', body }).done();
    assert.equal(refused.reply?.status, '417 Expectation Failed');
    assert.equal((await run('/').done()).text, '1');
  });

  it('that closes its server for good ends its thread once its requests are over', async () => {
    const app = written(
      'closes.mjs',
      `import http from 'node:http';
       const server = http.createServer((_, res) => {
         server.on('close', () => console.log('closed'));
         server.close();
         setTimeout(() => res.end('at last'), 1300);
       });
       server.listen(3000);`,
    );
    let printed = '';
    const { thread, run, deaths } = makeThread(app, { print: (_, lines) => (printed += lines) });
    await thread.start();
    assert.equal((await run('/').done()).text, 'at last');
    await eventually(() => thread.state === 'dead', 'the thread to have ended');
    assert.deepEqual(printed.match(/^closed$/gm), ['closed']);
    assert.equal(deaths.length, 1);
  });

  for (const [what, text, terms] of [
    [
      'an exported listener is the application, and a server of others beside it is not',
      `import http from 'node:http';
       export default (_, res) => res.end('application');
       http.createServer((_, res) => res.end('metrics')).listen(SIDE, '127.0.0.1');`,
      ASKED,
    ],
    [
      'the server of the port that the server was told is the application, and one that listened before is not',
      `import http from 'node:http';
       http.createServer((_, res) => res.end('metrics')).listen(SIDE, '127.0.0.1');
       http.createServer((_, res) => res.end('application')).listen(3000);`,
      { ...ASKED, bound: { host: '127.0.0.1', port: 3000 } },
    ],
    [
      'the server of the port that PORT names is the application where nobody else says',
      `import http from 'node:http';
       process.env.PORT = '3000';
       http.createServer((_, res) => res.end('metrics')).listen(SIDE, '127.0.0.1');
       http.createServer((_, res) => res.end('application')).listen(process.env.PORT);`,
      ASKED,
    ],
    [
      'an exported Express-like application is served by its own server, with what is fixed to that',
      `import http from 'node:http';
       const app = (_, res) => res.end('no');
       const server = http.createServer(app).listen(3000);
       server.prependListener('request', (_, res) => res.end('application'));
       http.createServer((_, res) => res.end('metrics')).listen(SIDE, '127.0.0.1');
       export default app;`,
      ASKED,
    ],
  ] as const) {
    it(what, async () => {
      const port = await freePort();
      const app = written('beside.mjs', text.replace('SIDE', String(port)));
      const { thread, run } = makeThread(app, { program: terms });
      await thread.start();
      assert.equal((await run('/').done()).text, 'application');
      await eventually(async () => {
        const reply = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
        return (await reply?.text()) === 'metrics';
      }, 'the metrics');
    });
  }

  it('opens the socket of a server beside it to whom it says', async () => {
    const app = written(
      'opens-beside.mjs',
      `import http from 'node:http';
       for (const right of ['readableAll', 'writableAll'])
         http.createServer().listen({ path: ${JSON.stringify(folder)} + '/' + right + '.sock', [right]: true });
       http.createServer((_, res) => res.end()).listen(3000);`,
    );
    const before = process.umask(0o077);
    try {
      const terms: ProgramTerms = { ...ASKED, bound: { host: '127.0.0.1', port: 3000 } };
      const { thread } = makeThread(app, { program: terms });
      await thread.start();
      for (const [right, mode] of [
        ['readableAll', 0o044],
        ['writableAll', 0o022],
      ] as const) {
        // Of its own user Node.js 24 takes all rights with it, 20 none.
        const modeOf = (): number => statSync(join(folder, `${right}.sock`)).mode & 0o066;
        await eventually(() => modeOf() === mode, right, 5000);
      }
    } finally {
      process.umask(before);
    }
  });

  it('is refused a server beside it as Node.js refuses an address, where it comes after the boot', async () => {
    const app = written(
      'refused-later.mjs',
      `import http from 'node:http';
       let refused = '';
       const server = http.createServer((_, res) => {
         const other = http.createServer().on('error', (error) => res.end(error.message)).listen(9090);
       }).listen(3000);`,
    );
    const program = { ...ASKED, otherListeners: 'refuse' } as const;
    const { thread, run } = makeThread(app, { program });
    await thread.start();
    assert.match((await run('/').done()).text, /port 9090 .* other_listeners does not allow/);
  });

  it('binds datagrams by itself, in every form, and warns of nothing', async () => {
    const app = written(
      'datagrams.mjs',
      `import dgram from 'node:dgram';
       import http from 'node:http';
       const warnings = [];
       process.on('warning', ({ message }) => warnings.push(message));
       const forms = [[], [0], [0, '127.0.0.1'], [{ port: 0, address: '127.0.0.1' }]];
       const bound = await Promise.all(forms.map((args) => new Promise((done) => {
         const socket = dgram.createSocket('udp4').bind(...args, () => {
           const { address, port } = socket.address();
           socket.close();
           done(address + (port > 0));
         });
       })));
       http.createServer((_, res) => res.end(JSON.stringify([bound, warnings]))).listen(3000);`,
    );
    const { thread, run } = makeThread(app);
    await thread.start();
    const all = '0.0.0.0true';
    const one = '127.0.0.1true';
    assert.deepEqual(JSON.parse((await run('/').done()).text), [[all, all, one, one], []]);
  });

  for (const [name, said] of [
    ["once('SIGTERM'", 'SIGTERM 15'],
    ["on('SIGINT'", 'SIGINT 2'],
    ["on('message'", 'shutdown undefined'],
  ] as const) {
    it(`with process.${name}, ...) has the time to tidy up`, async () => {
      const app = written(
        'tidies-up.mjs',
        `import http from 'node:http';
         http.createServer((_, res) => res.end()).listen(3000);
         const other = setInterval(() => {}, 1000);
         process.${name}, (...said) => setTimeout(() => {
           console.log(...said);
           clearInterval(other);
         }, 300));`,
      );
      let printed = '';
      const { thread } = makeThread(app, { print: (_, lines) => (printed += lines) });
      await thread.start();
      await thread.stop();
      assert.equal(printed, `${said}\n`);
    });
  }
});
