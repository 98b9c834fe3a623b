// Where statsd listens: the forms that Gunicorn takes, each beside the nearest one that is refused, with its source named.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatsdAddress, statsdTarget } from '../../../src/settings/statsd.ts';
import { errorFrom, resolveFrom } from './folder.ts';

for (const [good, bad] of [
  ['localhost:1', 'localhost:0'],
  ['localhost:65535', 'localhost:65536'],
  ['localhost', 'localhost:'],
  ['127.0.0.1:8125', '127.0.0.1:port'],
  ['[::1]:8125', '::1:8125'],
  ['udp://statsd:8125', 'tcp://statsd:8125'],
  ['unix:///run/statsd', 'unix://'],
] as const) {
  test(`${good} is an address of statsd, ${bad} is none`, async () => {
    const { settings } = await resolveFrom({ argv: ['--statsd-host', good, 'app:app'] });
    assert.equal(settings.statsd_host, good);
    assert.notEqual(parseStatsdAddress(good), null);
    const { message } = await errorFrom({ argv: ['--statsd-host', bad, 'app:app'] });
    assert.ok(message.includes('must be HOST:PORT, [IPV6]:PORT or unix://PATH'), message);
    assert.ok(message.includes(`"${bad}" on the command line (--statsd-host)`), message);
  });
}

test('the port is 8125 if none is given, and prefix and tags are taken apart', async () => {
  const argv = ['--statsd-host', 'metrics', '--statsd-prefix', 'shop..', 'app:app'];
  const { settings } = await resolveFrom({ argv: ['--dogstatsd-tags', 'a:b, c,', ...argv] });
  const target = statsdTarget(settings);
  assert.deepEqual(target?.address, {
    kind: 'udp',
    host: 'metrics',
    port: 8125,
    label: 'metrics:8125',
  });
  assert.equal(target?.prefix, 'shop');
  assert.deepEqual(target?.tags, ['a:b', 'c']);
  assert.equal(statsdTarget({ ...settings, statsd_host: null }), null);
});
