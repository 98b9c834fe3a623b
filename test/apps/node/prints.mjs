// Writes to its standard streams in every way there is: JavaScript, native code, a process of its own; at its start. The paths are
// those of wsgi/prints.py.

import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';

console.log('printed while loading');

export default function app(request, response) {
  if (request.url === '/print') {
    console.log('printed on stdout');
    console.error('printed on stderr');
  } else if (request.url === '/native') {
    writeSync(1, 'written to descriptor 1\n');
    writeSync(2, 'written to descriptor 2\n');
  } else if (request.url === '/child') {
    const script = 'echo child on stdout; echo child on stderr >&2';
    execFileSync('sh', ['-c', script], { stdio: 'inherit' });
  } else if (request.url === '/much') {
    for (let count = 0; count < 200; count++) console.log('much '.repeat(20_000));
  } else if (request.url === '/megabytes') {
    // Each line has memory of its own, which a repeated string has not.
    for (let count = 0; count < 200; count++) console.log(Buffer.alloc(100_000, 'm').toString());
  } else if (request.url === '/last') {
    process.stdout.write('printed at the end, without a line end');
  }
  // Characters that have not left the thread.
  response.end(request.url === '/waiting' ? String(process.stdout.writableLength) : 'ok');
}
