// The page about the states of a connection, made from the table that the code runs on: what each waits for, its
// deadline, what the client sees when it passes, and a drawing of the ways between them.

import { SEEN } from './describe-deadlines.ts';
import { nameOf } from './state-names.ts';
import {
  type Ending,
  OWING,
  type Owing,
  PAIRS,
  PROMPT_END_MS,
  READING,
  type Reading,
} from './states.ts';

type OpenReading = Exclude<Reading, 'closed'>;

/**
 * docs/states.md.
 * @param defaultOf the default of a setting, in seconds
 * @param deadlines the table of all deadlines
 */
export function statesPage(defaultOf: (setting: string) => number, deadlines: string): string {
  return `# The states of a connection

Generated from src/connection/states/states.ts by \`npm run docs\`; change it there.

## Every deadline

Nothing waits without one. What a setting bounds can be changed; the rest is a constant of the server. The states of a
connection are those of the tables below, by the names that logs use.

${deadlines}

## Two halves

A connection has two halves: what is read from the client, and what is owed to it. They move by themselves, because a
body that streams overlaps with its answer; which pairs may be stands in the last table. Deadlines fire up to 0.2 s late
and never early. A connection begins as proxy where \`proxy_protocol\` is on, else with TLS as handshake and
without it as new. The letters are those of the end codes of the access log ([logs.md](logs.md)).

## Reading

${table(READING, defaultOf)}

At \`worker_connections\`, and in a worker that drains, connections that are ${givingWay()} are closed early,
the oldest first.

Before a connection that has no request is closed, at its deadline, to make room or while its worker drains, its socket is looked at
once more: whoever has sent something is served. What arrives in the moment after that is lost, as with every server
that ends a kept connection: some ten microseconds on an idle loop, plus the time that a packet takes. Our end and the request
cross on the way, and the client has to send it again. A worker that drains sends its end first and reads on, so that such
a client sees the end and no reset: no part of its request was read by an application.

\`\`\`mermaid
${drawing(READING, ['proxy', 'handshake', 'new'])}
\`\`\`

## Owing

${table(OWING, defaultOf)}

\`\`\`mermaid
${drawing(OWING, ['nothing'])}
\`\`\`

## When the client ends

A client that closes and one that only says that it has no more requests look the same: both send a FIN. When it comes
tells them apart. Right behind the last byte (within ${PROMPT_END_MS} ms) nobody has given up yet: the client waits for its answers,
as \`printf ... | nc -N\` does, and every request that came whole is answered, pipelined ones and those that wait for a
thread included. Later it has given up: what has not begun never does, a Node.js application is told at once and its
request is over, as with \`node:http\`, and what runs on WSGI, which cannot be told, is still answered (its end code is CR). Two exceptions: when
others have waited for a thread for half a second, a request whose end is right behind it is answered 503 at once, because a
worker that is at its limit accepts clients who have long gone; and a Node.js application has ${PROMPT_END_MS} ms to begin an answer to a
client that has ended right behind its request, before that is aborted as \`node:http\` does at once. A reset always means gone.

## Pairs

What people see (logs, the live picture) is a name for the pair.

${pairs()}
`;
}

interface AnyRow {
  readonly waitsFor: string;
  readonly letter: string;
  readonly deadline: string;
  readonly progressResets: boolean;
  readonly whenOverdue: Ending;
  readonly whenClientEnds: Ending;
  readonly on: { readonly [event: string]: string | undefined };
}

function table(
  rows: { readonly [state: string]: AnyRow },
  defaultOf: (s: string) => number,
): string {
  const lines = [
    '| state | letter | waits for | deadline (setting) | default | progress moves it | when it passes | when the client ends |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const [state, row] of Object.entries(rows)) {
    const own = row.deadline !== 'other half';
    const deadline = own ? `\`${row.deadline}\`` : 'that of the other half';
    const seconds = own ? `${defaultOf(row.deadline)} s` : '';
    const moves = row.progressResets ? 'yes' : 'no';
    const passed = SEEN[row.whenOverdue];
    const ends = SEEN[row.whenClientEnds];
    lines.push(
      `| ${state} | ${row.letter} | ${row.waitsFor} | ${deadline} | ${seconds} | ${moves} | ${passed} | ${ends} |`,
    );
  }
  return lines.join('\n');
}

function drawing(rows: { readonly [state: string]: AnyRow }, firsts: readonly string[]): string {
  const lines = ['stateDiagram-v2', ...firsts.map((first) => `  [*] --> ${identifier(first)}`)];
  for (const [state, row] of Object.entries(rows)) {
    for (const [event, next] of Object.entries(row.on)) {
      const target = next === undefined || next === 'closed' ? '[*]' : identifier(next);
      lines.push(`  ${identifier(state)} --> ${target}: ${event}`);
    }
  }
  return lines.join('\n');
}

function givingWay(): string {
  const names = Object.entries(READING).flatMap(([state, row]) => (row.givesWay ? [state] : []));
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function identifier(state: string): string {
  return state.replaceAll(/[- ]/g, '_');
}

function pairs(): string {
  const lines = ['| reading | owing | called |', '| --- | --- | --- |'];
  for (const reading of Object.keys(PAIRS) as OpenReading[]) {
    for (const owing of PAIRS[reading]) lines.push(pairLine(reading, owing));
  }
  return lines.join('\n');
}

function pairLine(reading: OpenReading, owing: Owing): string {
  return `| ${reading} | ${owing} | ${nameOf(reading, owing)} |`;
}
