// `tunicorn explain` without a process: its words, whose request it takes one for, which limits and deadlines it names and
// where each was set. That a server does the same is held by test/end-to-end/explain.test.ts.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { explain } from '../../../src/explain/explain.ts';
import type { Explanation, Rule } from '../../../src/explain/explanation.ts';
import { EXPLAIN_FLAGS, EXPLAIN_HELP, takeQuestion } from '../../../src/explain/options.ts';
import { reportText } from '../../../src/explain/report.ts';
import { CATALOGUE, SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import { folderWith, resolveFrom } from '../settings/folder.ts';

async function explained(argv: readonly string[], cwd = '/'): Promise<Explanation> {
  const { own, rest } = takeQuestion(argv);
  return explain(await resolveFrom({ argv: rest, cwd }), own.question);
}

function ruleOf({ rules }: Explanation, setting: string): Rule {
  const found = rules.filter((rule) => rule.setting === setting);
  assert.equal(found.length, 1, `${setting}: ${found.length} rules`);
  return found[0] as Rule;
}

function deadlinesOf({ rules }: Explanation): readonly string[] {
  return rules.flatMap(({ part, setting }) => (part === 'deadlines' ? [setting] : []));
}

describe('the words of explain', () => {
  it('are taken out of the command line, and the rest is left as it was', () => {
    const argv = ['-w', '2', '--header', 'a: b: c', '--from', '::1', 'app:app', '--header=d:'];
    const { own, rest } = takeQuestion(argv);
    const question = { method: 'GET', target: '/', from: '::1', fields: ['a', 'b: c', 'd', ''] };
    assert.deepEqual(own, { question, json: false });
    assert.deepEqual(rest, ['-w', '2', 'app:app']);
  });

  it('are refused in one sentence that names the word when no client could send that', () => {
    for (const [argv, sentence] of [
      [['--method', 'GE T'], /^--method must be a method of HTTP.*: "GE T" is not\.$/],
      [['--method='], /^--method must be/],
      [
        ['--path', 'login'],
        /^--path must be a path that begins with \/, a URL or \*.*: "login" is not\.$/,
      ],
      [['--path', '/a b'], /^--path must be/],
      [['--from', 'somewhere'], /^--from must be an IP address.*: "somewhere" is not\.$/],
      [['--from', '10.0.0.0/8'], /^--from must be/],
      [['--header', 'x-api-key'], /^--header must be a name, a colon and a value.*"x-api-key"/],
      [['--header', 'a: b\r\nc: d'], /^--header must be/],
      [['--header'], /^--header must be followed by its value\.$/],
      [['--json=yes'], /^--json must be alone, without a value: "yes" is not\.$/],
    ] as const) {
      assert.throws(
        () => takeQuestion(argv),
        (error) => error instanceof SettingError && error.isUsage && sentence.test(error.message),
        argv.join(' '),
      );
    }
  });

  it('are no flags of a setting, and all in the help', () => {
    const flags = SETTING_NAMES.flatMap((name) => CATALOGUE[name].flags);
    for (const own of EXPLAIN_FLAGS) {
      assert.ok(!flags.includes(own), own);
      assert.ok(EXPLAIN_HELP.includes(`  ${own} `), own);
    }
    for (const line of EXPLAIN_HELP.split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('an explained request', () => {
  const FORWARDED = [
    ...['--header', 'X-Forwarded-For: 198.51.100.7, 10.0.0.9'],
    ...['--header', 'X-Forwarded-Proto: https', '--header', 'SCRIPT_NAME: /shop'],
  ];

  it('of a stranger is the request of who is connected, whatever its fields say', async () => {
    const told = await explained(['--forwarded-for', '--from', '203.0.113.7', ...FORWARDED]);
    assert.deepEqual(told.client, { address: '203.0.113.7', scheme: 'http', scriptName: null });
    assert.match(ruleOf(told, 'forwarded_allow_ips').says, /203\.0\.113\.7 is not one of them/);
    assert.match(ruleOf(told, 'header_map').says, /dropped: SCRIPT_NAME/);
  });

  it('of a trusted proxy is that of whom it names, by the setting that says so', async () => {
    const trusts = ['--forwarded-allow-ips', '10.0.0.0/8', '--from', '10.1.2.3'];
    const told = await explained([...trusts, '--forwarded-for', ...FORWARDED]);
    assert.deepEqual(told.client, {
      address: '198.51.100.7',
      scheme: 'https',
      scriptName: '/shop',
    });
    assert.match(ruleOf(told, 'secure_scheme_headers').says, /X-Forwarded-Proto says https/);
    assert.equal(ruleOf(told, 'forwarded_for').set, 'command line --forwarded-for');
    // Without that setting it names nobody.
    const unread = await explained([...trusts, ...FORWARDED]);
    assert.equal(unread.client.address, '10.1.2.3');
    assert.match(ruleOf(unread, 'forwarded_for').says, /X-Forwarded-For is not read/);
  });

  it('names each value with the line of the file, the flag or the variable that set it', async (t: TestContext) => {
    const cwd = folderWith(t, {
      'gunicorn.conf.py': 'workers = 2\ntimeout = 7\nlimit_request_fields = 12\n',
    });
    const told = await explained(['--keep-alive', '5'], cwd);
    assert.equal(ruleOf(told, 'timeout').set, 'gunicorn.conf.py:2');
    assert.equal(ruleOf(told, 'timeout').value, 7);
    assert.equal(ruleOf(told, 'limit_request_fields').set, 'gunicorn.conf.py:3');
    assert.equal(ruleOf(told, 'keepalive').set, 'command line --keep-alive');
    assert.equal(ruleOf(told, 'head_timeout').set, 'default');
    const text = reportText(told);
    assert.match(text, /\n {2}timeout = 7 s {2}# gunicorn\.conf\.py:2\n/);
    assert.match(text, /\n {2}limit_request_body = 0, unlimited {2}# default\n/);
  });

  it('meets the deadlines of what it waits for and no others', async () => {
    const plain = deadlinesOf(await explained([]));
    assert.ok(plain.includes('head_timeout') && plain.includes('timeout'));
    const others = ['handshake_timeout', 'body_timeout', 'upgrade_idle_timeout'];
    for (const other of [...others, 'limit_store_timeout']) {
      assert.ok(!plain.includes(other), other);
    }
    const limited = deadlinesOf(await explained(['--limit-rate', '5/s']));
    assert.ok(limited.includes('limit_store_timeout'));
    const post = deadlinesOf(await explained(['--header', 'Content-Length: 5']));
    assert.ok(post.includes('body_timeout') && post.includes('body_min_rate'));
    const upgrade = ['--header', 'Connection: upgrade', '--header', 'Upgrade: websocket'];
    assert.ok(deadlinesOf(await explained(upgrade)).includes('upgrade_idle_timeout'));
    const introduced = await explained(['--proxy-protocol', 'v2']);
    assert.ok(deadlinesOf(introduced).includes('handshake_timeout'));
    const closing = deadlinesOf(await explained(['--header', 'Connection: close']));
    assert.ok(!closing.includes('keepalive'));
  });

  it('that the server answers by itself waits for no thread', async () => {
    const large = ['--limit-request-body', '10', '--header', 'Content-Length: 11'];
    const told = await explained(large);
    assert.deepEqual([told.answer?.status, told.answer?.code], [413, 'body-too-large']);
    assert.ok(!deadlinesOf(told).includes('queue_timeout'));
    const probe = await explained(['--health-path', '/healthz', '--path', '/healthz']);
    assert.equal(probe.answer?.status, 200);
    assert.equal((await explained(['--path', '/healthz'])).answer, null);
  });

  it('counts against the rates that are about it, by the key of each', async (t: TestContext) => {
    const cwd = folderWith(t, {
      'tunicorn.config.json': `{
        "limits": [
          { "path": "/login", "methods": "POST", "rate": "5/m", "name": "login" },
          { "rate": "100/s", "key": "header:x-api-key", "name": "api" }
        ]
      }`,
    });
    const words = ['--limit-rate', '9/s:20', '--from', '2001:db8::7', '--header', 'X-Api-Key: k'];
    const told = await explained([...words, '--method', 'POST', '--path', '/Login'], cwd);
    const rates = told.rules.filter(({ setting }) => /^limits$|^limit_rate$/.test(setting));
    assert.deepEqual(
      rates.map(({ says, set }) => [set, says]),
      [
        ['tunicorn.config.json:2', 'login: 5 in 60 s, 5 at once, for 2001:db8:0:0::/64; then 429'],
        [
          'command line --limit-rate',
          'default: 9 in 1 s, 20 at once, for 2001:db8:0:0::/64; then 429',
        ],
        [
          'tunicorn.config.json:2',
          'api: 100 in 1 s, 100 at once, for x-api-key sha256:8254c329a928; then 429',
        ],
      ],
    );
    const other = await explained(['--path', '/'], cwd);
    assert.deepEqual(
      other.rules.flatMap(({ setting, says }) => (setting === 'limits' ? [says] : [])),
      ['api: 100 in 1 s, 100 at once, for 127.0.0.1, for it has no x-api-key; then 429'],
    );
  });

  it('is that of a client who may come, or is refused as connections and requests are', async (t: TestContext) => {
    const cwd = folderWith(t, { denied: '198.51.100.0/24 # nobody knows them\n' });
    const lists = ['--deny', 'file:denied', '--limit-exempt', '10.0.0.0/8', '--limit-rate', '1/s'];
    const reset = await explained([...lists, '--from', '198.51.100.7'], cwd);
    assert.deepEqual([reset.answer?.status, reset.answer?.code], [null, 'client-denied']);
    assert.match(ruleOf(reset, 'deny').says, /^198\.51\.100\.7 is one of them/);
    assert.deepEqual(deadlinesOf(reset), []);
    assert.match(reportText(reset), /answered by: nobody: its connection is reset/);
    const behind = [...lists, '--forwarded-for', '--header', 'X-Forwarded-For: 198.51.100.7'];
    assert.equal((await explained(behind, cwd)).answer?.status, 403);
    const exempt = await explained([...lists, '--from', '10.0.0.1'], cwd);
    assert.equal(exempt.answer, null);
    assert.match(ruleOf(exempt, 'limit_exempt').says, /no limit of rates/);
    assert.ok(!exempt.rules.some(({ setting }) => setting === 'limit_rate'));
    const dry = [...lists, '--limit-dry-run', '--from', '198.51.100.7'];
    assert.equal((await explained(dry, cwd)).answer, null);
    await assert.rejects(explained(['--deny', 'file:missing'], cwd), SettingError);
  });

  it('waits in turn with other clients, and with codel may be told at once', async () => {
    const fair = await explained(['--from', '10.0.0.1']);
    assert.match(ruleOf(fair, 'queue_discipline').says, /^10\.0\.0\.1 has one turn/);
    const codel = await explained(['--queue-discipline', 'codel', '--queue-target', '0.1']);
    assert.equal(ruleOf(codel, 'queue_target').value, 0.1);
    assert.match(ruleOf(codel, 'queue_discipline').says, /503 at once/);
  });

  it('has its place before or behind others, whatever its path looks like', async () => {
    const says = async (...argv: string[]): Promise<string> =>
      ruleOf(await explained(['--priority', '/health=10,/batch=-5', ...argv]), 'priorities').says;
    assert.equal(
      await says('--path', '/health'),
      'it has 10: it waits before all with less than 10',
    );
    assert.match(await says('--path', '/health/../export'), /^it has 0: .* more than 0$/);
    assert.match(await says('--path', 'http://a/x/../batch'), /^it has -5: /);
    assert.match(await says('--path', '*', '--method', 'OPTIONS'), /^it has 0: /);
  });

  it('is gathered for a WSGI application, and streams to a Node.js one', async (t: TestContext) => {
    const body = ['--header', 'Content-Length: 5'];
    const wsgi = await explained([...body, 'app:app']);
    assert.match(ruleOf(wsgi, 'request_buffering').says, /complete before a thread sees it/);
    const cwd = folderWith(t, { 'app.mjs': '' });
    const node = await explained([...body, './app.mjs'], cwd);
    assert.match(ruleOf(node, 'request_buffering').says, /streams/);
    assert.match(reportText(node), /answered by: \.\/app\.mjs \(Node\.js\)/);
  });
});
