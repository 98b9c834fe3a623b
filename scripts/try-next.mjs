// `npm run try:next`: makes a small Next.js application in a temporary folder, builds it as `standalone`, runs its own server.js
// unchanged under `tunicorn` and looks at a page, a route and the end of the server. Fetches some 300 MB and computes for a minute,
// so it is no part of the tests. Exit code 0 when all holds.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './run-step.mjs';

const NEXT = 'next@16.4.6';
const REACT = ['react@19', 'react-dom@19'];

const FILES = {
  'package.json': '{ "name": "next-standalone", "private": true }',
  'next.config.js': "module.exports = { output: 'standalone', outputFileTracingRoot: __dirname };",
  'app/layout.js':
    'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }',
  'app/page.js':
    "export const dynamic = 'force-dynamic';\nexport default function Page() { return <h1>Hello, {'Next'}.js!</h1>; }",
  'app/api/hello/route.js':
    "export async function GET() { return Response.json({ hello: 'next' }); }",
};

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-next-'));
try {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  run('npm', ['install', '--no-audit', '--no-fund', NEXT, ...REACT]);
  run('npx', ['next', 'build']);
  await tryServer(join(folder, '.next/standalone/server.js'));
  process.stdout.write(
    'Next.js standalone: a page, a route and the end of the server are as they should be.\n',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command, args) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  const { status } = spawnSync(command, args, { cwd: folder, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}`);
}

async function tryServer(program) {
  const command = [
    join(root, 'dist/programs/tunicorn.js'),
    '--threads',
    '2',
    '-b',
    '127.0.0.1:0',
    program,
  ];
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = new Promise((resolve) => server.on('exit', resolve));
  let log = '';
  const ready = new Promise((resolve) => {
    server.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      if (log.includes('Worker ready')) resolve();
    });
  });
  await Promise.race([ready, ended]);
  try {
    const url = /Listening at: (\S+)/.exec(log)?.[1];
    const page = await (await fetch(`${url}/`)).text();
    if (!/<h1>Hello, (<!-- -->)?Next(<!-- -->)?\.js!<\/h1>/.test(page))
      throw new Error(`no such page:\n${page}`);
    const route = await (await fetch(`${url}/api/hello`)).json();
    if (route.hello !== 'next') throw new Error(`no such route: ${JSON.stringify(route)}`);
  } finally {
    server.kill('SIGTERM');
  }
  const exitCode = await ended;
  if (exitCode !== 0) throw new Error(`the server ended with ${exitCode}:\n${log}`);
}
