// What only works without threads: it changes its process, and can load a native addon that refuses threads. It also ends its
// process and holds its loop in every way.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
process.chdir('/');
process.umask(0o27);

let heard = 0;
const hear = () => heard++;
process.on('message', hear);

const PATHS = {
  '/': () => `${process.cwd()} ${process.umask().toString(8)} ${process.pid}`,
  '/channel': () => {
    process.off('message', hear);
    return `${typeof process.send} ${typeof process.disconnect} ${heard}`;
  },
  '/addon': () => {
    require(process.env['ADDON']);
    return 'loaded';
  },
  '/exit': () => process.exit(7),
  '/throw': () => setTimeout(fail, 1, 'asked to, in a callback'),
  '/reject': () => Promise.reject(new Error('asked to, in a promise')),
  '/catch': () => process.once('uncaughtException', () => {}),
  '/spin': () => {
    for (;;);
  },
  '/hang': () => null,
};

function fail(message) {
  throw new Error(message);
}

export default function app(req, res) {
  if (req.method === 'POST') return void req.pipe(res);
  const answer = PATHS[req.url]();
  if (req.url === '/catch') res.end('caught from now on');
  else if (typeof answer === 'string') res.end(answer);
}
