// Flags and positionals as Gunicorn's argparse would find them, and the sentences for what it would refuse.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CATALOGUE, SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { parseArguments } from '../../../src/settings/command-line.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';

function parse(...words: string[]): { [name: string]: unknown } {
  const { given } = parseArguments(words, 'command line');
  return Object.fromEntries(given.map(({ name, value }) => [name, value]));
}

function refusal(...words: string[]): SettingError {
  try {
    parse(...words);
  } catch (error) {
    if (error instanceof SettingError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `accepted: ${words.join(' ')}` });
}

describe('a command line', () => {
  it('takes a value behind a blank, an equals sign or a short flag', () => {
    for (const words of [['--workers', '4'], ['--workers=4'], ['-w', '4'], ['-w4'], ['-w=4']]) {
      assert.deepEqual(parse(...words), { workers: '4' });
    }
  });

  it('takes every flag of every setting in both forms', () => {
    for (const name of SETTING_NAMES) {
      const setting = CATALOGUE[name];
      const { flags, kind } = setting;
      for (const flag of flags) {
        if (kind === 'switch') {
          assert.deepEqual(parse(flag), { [name]: true });
          if (!flag.startsWith('--')) continue;
          assert.deepEqual(parse(flag.replace('--', '--no-')), { [name]: false });
          continue;
        }
        const gathers = kind === 'list' && setting.separator === undefined;
        const value = gathers ? ['x'] : 'x';
        assert.deepEqual(parse(`${flag}=x`), { [name]: value });
        const standsAlone = 'bare' in setting && setting.bare !== undefined;
        if (!standsAlone) assert.deepEqual(parse(flag, 'x'), { [name]: value });
      }
    }
  });

  it('takes all of a list that is repeated, and the last of one that is a text with commas', () => {
    assert.deepEqual(parse('-b', ':1', '-b', ':2'), { bind: [':1', ':2'] });
    const allowed = parse('--forwarded-allow-ips', '10.0.0.1', '--forwarded-allow-ips', '10.0.0.2');
    assert.deepEqual(allowed, { forwarded_allow_ips: '10.0.0.2' });
  });

  it('takes a flag that can stand alone without a value, whatever follows, and with one of its values', () => {
    for (const [words, value] of [
      [['--proxy-protocol'], 'auto'],
      [['--proxy-protocol', 'v1'], 'v1'],
      [['--proxy-protocol', 'OFF'], 'OFF'],
      [['--proxy-protocol=v2'], 'v2'],
      [['--proxy-protocol='], ''],
      [['--proxy-protocol', 'true'], 'true'],
    ] as const) {
      assert.deepEqual(parse(...words), { proxy_protocol: value });
      assert.deepEqual(parse(...words, 'shop:app'), { proxy_protocol: value, app: 'shop:app' });
      assert.deepEqual(parse(...words, '-w', '2'), { proxy_protocol: value, workers: '2' });
    }
  });

  it('takes the application before, between and behind options, and behind --', () => {
    for (const words of [
      ['shop:app', '-w', '2', '--threads', '3'],
      ['-w', '2', 'shop:app', '--threads', '3'],
      ['-w', '2', '--threads', '3', 'shop:app'],
      ['-w', '2', '--threads', '3', '--', 'shop:app'],
    ]) {
      assert.deepEqual(parse(...words), { app: 'shop:app', workers: '2', threads: '3' });
    }
    assert.deepEqual(parse('--', '--app'), { app: '--app' });
  });

  it('collects a list and lets the last of any other option count', () => {
    assert.deepEqual(parse('-b', ':1', '-w1', '--bind=:2', '-w2'), {
      bind: [':1', ':2'],
      workers: '2',
    });
  });

  it('takes a dash alone, a negative number and a text with a blank as values', () => {
    assert.deepEqual(parse('--access-logfile', '-'), { accesslog: '-' });
    assert.deepEqual(parse('-w', '-1'), { workers: '-1' });
    assert.deepEqual(parse('--access-logformat', '- %(h)s'), { access_log_format: '- %(h)s' });
  });

  it('takes an empty value, which is for the check to refuse', () => {
    assert.deepEqual(parse('--chdir='), { chdir: '' });
    assert.deepEqual(parse('--chdir', ''), { chdir: '' });
  });

  it('takes the unambiguous beginning of an option', () => {
    assert.deepEqual(parse('--worker-con', '5'), { worker_connections: '5' });
    assert.deepEqual(parse('--worker-con=5'), { worker_connections: '5' });
    assert.deepEqual(parse('--no-check'), { check_config: false });
  });

  it('keeps what was unambiguous in Gunicorn, whatever options are ours', () => {
    assert.deepEqual(parse('--thread', '8'), { threads: '8' });
    assert.deepEqual(parse('--pyt', 'lib'), { pythonpath: 'lib' });
    assert.deepEqual(parse('--limit-request-field_', '1'), { limit_request_field_size: '1' });
  });

  it('refuses an ambiguous beginning and lists what it could be', () => {
    const error = refusal('--worker', '3');
    assert.equal(error.code, 'usage');
    assert.equal(
      error.message,
      'Option --worker could be --workers, --worker-class, --worker-connections or --worker-spool.',
    );
  });

  it('refuses an unknown option and suggests the nearest', () => {
    assert.equal(
      refusal('--worker-conections', '4').message,
      'Unknown option --worker-conections on the command line. Did you mean --worker-connections?',
    );
    assert.equal(
      refusal('--worker_connections', '4').message,
      'Unknown option --worker_connections on the command line. Did you mean --worker-connections?',
    );
    assert.equal(
      refusal('--xyzzy').message,
      'Unknown option --xyzzy on the command line. tunicorn --help lists them all.',
    );
    assert.equal(refusal('-x').code, 'unknown-flag');
  });

  it('refuses an option that only Gunicorn has by its name, where serving without it would be wrong', () => {
    for (const words of [
      ['--paste=x.ini'],
      ['--protocol', 'uwsgi'],
      ['--dirty-app', 'a:B'],
      ['--log-config', 'x.ini'],
      ['--http2-cleartext', 'both'],
    ]) {
      const error = refusal(...words);
      assert.equal(error.code, 'not-yet');
      assert.match(error.message, / is a Gunicorn option that Tunicorn does not have yet\./);
    }
    assert.match(refusal('--paste', 'x').message, /^--paste\/--paster is/);
    assert.match(refusal('--protoc', 'uwsgi').message, /^--protocol is/);
    assert.equal(refusal('--paste').message, 'Option --paste needs a value (VALUE).');
    assert.match(refusal('--spew=1').message, /^Option --spew takes no value, and got "1"/);
  });

  it('warns of an option that only Gunicorn has where nobody would miss it, and reads on', () => {
    const words = ['--http-parser', 'fast', '--spew', '--no-sendfile', '--asgi-lo=uvloop', '-w2'];
    const { given, warnings } = parseArguments(words, 'GUNICORN_CMD_ARGS');
    assert.deepEqual(
      given.map(({ name, value }) => [name, value]),
      [['workers', '2']],
    );
    assert.deepEqual(
      warnings.map((warning) => warning.split('. ')[0]),
      [
        'GUNICORN_CMD_ARGS --http-parser: --http-parser has no effect',
        'GUNICORN_CMD_ARGS --spew: --spew has no effect',
        'GUNICORN_CMD_ARGS --no-sendfile: --no-sendfile has no effect',
        'GUNICORN_CMD_ARGS --asgi-lo: --asgi-loop has no effect',
      ],
    );
    const quiet = ['--http-parser=auto', '--protocol', 'http', '--dirty-workers', '0'];
    // 0 as a flag's text is a value like any other.
    assert.equal(parseArguments(quiet.slice(0, 3), 'command line').warnings.length, 0);
    assert.equal(parseArguments(quiet, 'command line').warnings.length, 0);
  });

  it('refuses an option without its value, also when another option follows', () => {
    assert.equal(refusal('--bind').message, 'Option --bind needs a value (ADDRESS).');
    assert.equal(refusal('-w', '--threads', '2').message, 'Option -w needs a value (N).');
    assert.equal(refusal('--log-level', '--', 'x').code, 'usage');
  });

  it('refuses a value for a switch', () => {
    assert.equal(
      refusal('--check-config=yes').message,
      'Option --check-config takes no value, and got "yes".',
    );
  });

  it('refuses a second application', () => {
    assert.equal(
      refusal('a:b', 'c:d').message,
      'One application is served, not two: "a:b" and "c:d".',
    );
  });

  it('stops reading at --help and --version', () => {
    for (const [word, show] of [
      ['--help', 'help'],
      ['-h', 'help'],
      ['--version', 'version'],
      ['-v', 'version'],
    ] as const) {
      assert.equal(parseArguments(['-w', '2', word, '--nonsense'], 'command line').show, show);
    }
    assert.equal(parseArguments(['-w', '2'], 'command line').show, null);
  });

  it('remembers the flag and the place of each value', () => {
    const { given } = parseArguments(['--worker-con', '5', 'app'], 'TUNICORN_CMD_ARGS');
    assert.deepEqual(
      given.map(({ source }) => source),
      [
        { kind: 'arguments', from: 'TUNICORN_CMD_ARGS', flag: '--worker-connections' },
        { kind: 'arguments', from: 'TUNICORN_CMD_ARGS', flag: 'APP' },
      ],
    );
  });

  it('never fails with anything but a SettingError, and marks it as wrong usage', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '-',
        '--',
        '-w',
        '--bind',
        '--bind=',
        '-w4',
        '--no-',
        '--no-check-config',
        '--=',
        '-=',
        '-b',
      ),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          parseArguments(words, 'command line');
        } catch (error) {
          assert.ok(error instanceof SettingError && error.isUsage);
        }
      }),
    );
  });
});
