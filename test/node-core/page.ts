// Writes docs/node-http.md from the cases and from what stands elsewhere (`npm run docs`), so that every row of the page is
// one that runs.

import type { Case } from './case.ts';
import { GROUPS } from './cases/all.ts';
import { NOT_A_SERVERS, SHOWN_ELSEWHERE } from './elsewhere.ts';

const VERSION = '20.19.2';

export function nodeHttpPage(): string {
  const groups = Object.entries(GROUPS).map(([title, cases]) => section(title, cases));
  return `${INTRODUCTION}
${groups.join('\n')}
${elsewhere()}
## What asks for nothing here

${NOT_A_SERVERS.split(' ').length} tests are about Node.js's own client and its agents, the parser as an object, or \`url.parse\`:
${names(NOT_A_SERVERS.split(' '))}.
`;
}

/** Every test of Node.js that the page names. */
export function namedTests(): string[] {
  const cases = Object.values(GROUPS).flatMap((group) => group.flatMap(({ core }) => core));
  const others = SHOWN_ELSEWHERE.flatMap(({ core }) => core.split(' '));
  return [...cases, ...others, ...NOT_A_SERVERS.split(' ')];
}

const INTRODUCTION = `# (req, res) beside node:http

What a program on \`node:http\` finds in its requests and responses, held against Node.js itself. The measure is what Node.js's own tests of its server ask for:
every \`test/parallel/test-http-*.js\` of Node.js ${VERSION} is in one row below or named at the end. This page is written by \`npm run docs\`.

A row with a case runs (\`test/node-core\`): the same program runs on plain \`node:http\` and behind Tunicorn, the same client sends both the same bytes, and what
it gets (status line, fields in their order and spelling, bodies, trailers, whether the connection is kept) and what the program saw (events in their
order, values, errors with code and message) is compared, on Node.js 20 and 24. A row that differs is run as well, and fails when it does not differ any more.

Not compared, because it is the server's on purpose:

- **How the end of a body is told.** Where node:http sends one chunk, or ends the connection, a body that is given whole has a Content-Length here.
- **The fields of the connection.** \`Date\`, \`Server\`, \`Connection\`, \`Content-Length\` and \`Transfer-Encoding\` stand before the program's fields; \`Connection: keep-alive\`
  and \`Keep-Alive\` are not sent to HTTP/1.1.
- **One request of a connection at a time.** Handlers of pipelined requests run one after the other. \`req.socket\` is an object for each request: what a
  program keeps on it is not there in the next one, and its 'close' comes when request and response are over, or the client goes. It is no \`net.Socket\` (\`instanceof\`) and has no \`parser\`, and raw bytes
  can be written to it only in 'upgrade' and 'connect'. \`destroy()\` or \`end()\` of it when the response has left the thread does not close the connection any more.
- **How fast bytes are taken.** Small pieces leave the thread at the end of its turn; the server takes a response on for a slow client, in memory and a
  temporary file. So \`writableLength\` is smaller and 'drain' comes sooner than from a socket. \`socket.bytesWritten\` counts what the program wrote.

**100 Continue** deserves a word. node:http says it before the handler runs, unless the program listens for 'checkContinue'. Here it is said when the program
reads the body, with \`writeContinue()\`, or not at all when it answers without reading: the client need not send what nobody wants. A program cannot
tell the difference, its client gets 100 a little later or is spared the body. With a 'checkContinue' listener it is as in node:http: the program alone decides. A
request body that the client sends without waiting, and a \`writeContinue()\` that nobody asked for, send no 100.
`;

function section(title: string, cases: readonly Case[]): string {
  return `## ${title}

| behaviour | Node.js's tests | holds | case |
| --- | --- | --- | --- |
${cases.map((one) => `| ${one.asks} | ${names(one.core)} | ${holds(one)} | \`${one.name}\` |`).join('\n')}
`;
}

function elsewhere(): string {
  const rows = SHOWN_ELSEWHERE.map(
    ({ core, asks, holds: how, shown }) =>
      `| ${asks} | ${names(core.split(' '))} | ${how} | ${shown} |`,
  );
  return `## Shown elsewhere, or different by design

| behaviour | Node.js's tests | holds | shown by |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function holds({ differs, until }: Case): string {
  if (differs === undefined) return 'yes';
  return until === undefined
    ? `differs: ${differs}`
    : `differs before Node.js ${until}: ${differs}`;
}

function names(core: readonly string[]): string {
  return core.map((name) => `\`${name}\``).join(', ') || 'none';
}
