// The words of `tunicorn ctl`, what it shows, where it looks for a server, and the page that describes the socket.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApi } from '../../../src/arbiter/control/openapi.ts';
import { folderOf, namedPlace } from '../../../src/arbiter/control/place.ts';
import { ROUTES } from '../../../src/arbiter/control/routes.ts';
import { Questions } from '../../../src/arbiter/fleet/questions.ts';
import { CTL_COMMANDS } from '../../../src/ctl/commands.ts';
import { CTL_FLAGS, CTL_HELP, takeCommand } from '../../../src/ctl/options.ts';
import { tables } from '../../../src/ctl/tables.ts';
import { duration } from '../../../src/durations.ts';
import { packageVersion } from '../../../src/package-folder.ts';
import { CATALOGUE, SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import type { ToWorker } from '../../../src/wire/arbiter-worker.ts';
import { assertDescribed } from '../../end-to-end/control-description.ts';

type Tree = { readonly [key: string]: unknown };
interface Operation {
  readonly responses: {
    readonly [status: string]: { readonly content: { 'application/json': { example: unknown } } };
  };
}

const docs = (name: string): string =>
  readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

const described = openApi(ROUTES, packageVersion());

test('docs/control.openapi.json is what the table of the control socket says', () => {
  assert.equal(docs('control.openapi.json'), `${JSON.stringify(described, null, 2)}\n`);
});

test('it is valid OpenAPI 3.1, and so are its examples by its schemas', async () => {
  const { valid, errors } = await new Validator().validate(
    JSON.parse(docs('control.openapi.json')),
  );
  assert.deepEqual([valid, errors], [true, undefined]);
  let examples = 0;
  for (const [path, methods] of Object.entries(described.paths as Tree)) {
    for (const [method, operation] of Object.entries(methods as Tree)) {
      for (const [status, response] of Object.entries((operation as Operation).responses)) {
        const code = status === 'default' ? 500 : Number(status);
        const { example } = response.content['application/json'];
        assertDescribed({ method: method as 'get' | 'post', path, status: code }, example);
        examples += 1;
      }
    }
  }
  assert.ok(examples > 40, `${examples}`);
});

test('docs/control.md and --help name every command', () => {
  for (const { name } of CTL_COMMANDS) {
    assert.match(docs('control.md'), new RegExp(`^\\| \`${name}\\b`, 'm'));
    assert.match(CTL_HELP, new RegExp(`^ {2}${name}\\b`, 'm'));
  }
});

test('no setting has a flag that ctl takes for itself', () => {
  const flags = SETTING_NAMES.flatMap((name): readonly string[] => CATALOGUE[name].flags);
  assert.deepEqual(
    CTL_FLAGS.filter((flag) => flags.includes(flag)),
    [],
  );
});

test('a command takes its arguments and flags; the rest says which server', () => {
  const { own, rest } = takeCommand(['scale', '4', '--pid', 'shop.pid']);
  assert.deepEqual([own?.request.body, rest], [{ count: 4 }, ['--pid', 'shop.pid']]);
  const { own: filtered } = takeCommand([
    'connections',
    '--state=head',
    '--client',
    '::1',
    '--json',
  ]);
  assert.deepEqual(
    [filtered?.request.path, filtered?.json],
    ['/connections?state=head&client=%3A%3A1', true],
  );
  const before = takeCommand(['--pid', 'shop.pid', '--json', 'scale', '-c', 'a.py', '4']);
  assert.deepEqual(
    [before.own?.request.body, before.own?.json, before.rest],
    [{ count: 4 }, true, ['--pid', 'shop.pid', '-c', 'a.py']],
  );
  for (const help of [[], ['help'], ['--help'], ['--pid', 'a.pid', '-h']]) {
    assert.equal(takeCommand(help).own, null);
  }
});

for (const [words, says] of [
  [['restart'], /^ctl must be followed by one of status, .*: "restart" is not\.$/],
  [['thread'], /: "thread" is not\. Did you mean threads\?$/],
  [['threads', '--stak'], /^ctl has no option --stak\. Did you mean --stack\?$/],
  [['scale'], /^ctl scale must be given as: scale N; N is missing\.$/],
  [['scale', '--pid', 'a.pid'], /^ctl scale must be given as: scale N; N is missing\.$/],
  [
    ['status', '--pid', 'a.pid', 'extra'],
    /^ctl status must be given as: status, without more words: "extra" is not\.$/,
  ],
  [['scale', '2', '3'], /^ctl scale must be given as: scale N, without more words: "3" is not\.$/],
  [
    ['--pid', 'status'],
    /^ctl must be given as: tunicorn ctl COMMAND \[OPTIONS\]; COMMAND is missing\.$/,
  ],
  [
    ['--pidd', 'a.pid', 'status'],
    /^Unknown option --pidd on the command line\. Did you mean --pid\?$/,
  ],
  [['scale', 'many'], /^ctl scale must be given as: scale N: "many" is not\.$/],
  [['status', '--stack'], /^--stack must be left out with ctl status\.$/],
] as const) {
  test(`ctl ${words.join(' ')} is a mistake`, () => {
    assert.throws(
      () => takeCommand(words),
      (error) => error instanceof SettingError && says.test(error.message),
    );
  });
}

test('a socket that has no name of its own stands beside the pid file, else in the folder of its user', () => {
  const place = (control_socket: string | null, pidfile: string | null): string | null =>
    namedPlace({ control_socket, pidfile });
  assert.equal(place('/a/b.sock', '/run/shop.pid'), '/a/b.sock');
  assert.equal(place(null, '/run/shop.pid'), '/run/shop.ctl');
  assert.equal(place(null, '/run/shop'), '/run/shop.ctl');
  assert.equal(place(null, null), null);
  assert.equal(folderOf({ RUNTIME_DIRECTORY: '/run/a:/run/b', HOME: '/root' }, 0), '/run/a');
  assert.equal(folderOf({ XDG_RUNTIME_DIR: '/run/user/7' }, 7), '/run/user/7/tunicorn');
  assert.equal(folderOf({ HOME: '/root' }, 0), '/run/tunicorn');
  assert.equal(folderOf({ HOME: '/home/a' }, 7), '/home/a/.cache/tunicorn');
  assert.equal(folderOf({}, 7), null);
});

test('a worker that does not answer, or has gone, costs its deadline and no more', async () => {
  const said: ToWorker[] = [];
  const questions = new Questions((message) => said.push(message));
  assert.equal(await questions.ask({ about: 'threads' }, 1), null);
  const asked = questions.ask({ about: 'threads' }, 60_000);
  questions.answered(1, { about: 'threads', threads: [] });
  questions.answered(2, { about: 'threads', threads: [] });
  assert.deepEqual(await asked, { about: 'threads', threads: [] });
  const gone = questions.ask({ about: 'threads' }, 60_000);
  questions.end();
  assert.equal(await gone, null);
  assert.deepEqual(
    said.map((message) => message.kind === 'ask' && message.id),
    [1, 2, 3],
  );
});

test('lengths of time are short, and what a client sent cannot steer a terminal', () => {
  assert.deepEqual([300, 65_000, 11_220_000, 187_200_000].map(duration), [
    '0.3s',
    '1m05s',
    '3h07m',
    '2d04h',
  ]);
  const request = { method: 'GET', path: '/\x1b[2J', client: '127.0.0.1:1', ageMs: 5, ranMs: null };
  const shown = tables.queue({ length: 1, requests: [{ worker: 1, ...request }] });
  assert.match(shown, /GET \/\\x1b\[2J\n/);
  // Of another version: what is missing is a dash.
  assert.match(tables.status({}), /^workers {7}- ready of -$/m);
});
