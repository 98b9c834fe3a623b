// The folder of a program in a thread: it may not be there, and all threads of a process share one. Tried on purpose, and seen to
// fail: a relative name that counts from where another thread is.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, it } from 'node:test';
import { killAll, makeThread } from './fake-job.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-folders-'));
const before = process.cwd();
after(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await killAll();
  process.chdir(before);
});

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('a program is told at once that a folder cannot be entered, and changes into another', async () => {
  const app = written(
    'enters.mjs',
    `import http from 'node:http';
     const errors = [];
     for (const name of ['${folder}/none', '${folder}/enters.mjs']) {
       try { process.chdir(name); } catch (error) { errors.push(error.code); }
     }
     process.chdir('${folder}');
     http.createServer((_, res) => res.end(errors.concat(process.cwd()).join())).listen(3000);`,
  );
  const { thread, run } = makeThread(app, { enterFolder: (to) => process.chdir(to) });
  await thread.start();
  assert.equal((await run('/').done()).text, `ENOENT,ENOTDIR,${realpathSync(folder)}`);
});

it('a program finds a relative folder where the server is, also when another thread has entered it before', async () => {
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'inner', 'found.txt'), 'found');
  const app = written(
    'enters-inner.mjs',
    `import http from 'node:http';
     import { readFileSync } from 'node:fs';
     import { resolve } from 'node:path';
     const server = http.createServer((_, res) => res.end([process.cwd(), resolve('x'), found].join()));
     process.chdir('inner');
     const found = readFileSync('found.txt', 'utf8');
     server.listen(3000);`,
  );
  const inner = join(realpathSync(folder), 'inner');
  for (const name of ['first', 'second']) {
    const enterFolder = (to: string): void => process.chdir(to);
    const { thread, run } = makeThread(app, { chdir: folder, enterFolder });
    await thread.start();
    assert.equal((await run('/').done()).text, `${inner},${inner}/x,found`, name);
  }
});
