// The view of `tunicorn top`, drawn to text from fixed answers, and what its keys do. Seen to fail: rows sorted by name alone, and a
// picture that lets through what a client sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CTL_FLAGS } from '../../../src/ctl/options.ts';
import { TOP_FLAGS, TOP_HELP, takeTopWords } from '../../../src/top/options.ts';
import { picture, textOf, wholePicture } from '../../../src/top/picture.ts';
import { rowsOf } from '../../../src/top/rows.ts';
import { hasColour } from '../../../src/top/screen.ts';
import { seenIn } from '../../../src/top/seen.ts';
import { runTop } from '../../../src/top/top.ts';
import { BEGINNING, type Deed, press, type View } from '../../../src/top/view.ts';
import { SEEN } from './fixed-answers.ts';

function drawn(view: View, width: number, height: number): string[] {
  return picture(SEEN, view, { width, height }).map((line) => textOf(line).trimEnd());
}

/** What the keys make of a view, and the last deed. */
function after(keys: readonly string[], from = BEGINNING): { view: View; deed: Deed | null } {
  let deed: Deed | null = null;
  let view = from;
  for (const key of keys) {
    const turn = press(view, key, SEEN);
    view = turn.view;
    deed = turn.deed;
  }
  return { view, deed };
}

test('at 80 x 24', () => {
  assert.deepEqual(drawn(BEGINNING, 80, 24), [
    'shop (pid 4700) running, up 3h07m                          http://127.0.0.1:8000',
    '1235 requests/s  2xx 1200  4xx 30.0  5xx 0.4  queue-full 0.4',
    'threads 3/8 busy  workers 2/2 ready  connections 120  queued 3',
    'took p50 1.2ms p99 1.8s  waited p50 0.0ms p99 31ms',
    'new          1 #                         head        12 ##',
    'queued       3 #                         running      4 #',
    'keep-alive 100 ####################',
    ' THREAD   STATE  LOAD    FOR  CLIENT             REQUEST',
    '>4711/1   ready     1  12.3s  127.0.0.1:49200    GET /report\\x1b[2J?/of"all/mont',
    ' 4711/10  ready     2   1.8s  10.0.0.9:1234      GET /s?k',
    ' 4712/2   ready     1   0.0s  [2001:db8::7]:443  POST /cart',
    ' 4711/2   ready     0      -',
    ' 4711/3   ready     0      -',
    ' 4712/1   ready     0      -',
    ' 4712/3   ready     0      -',
    ' 4712/4   ready     0      -',
    ...Array.from({ length: 7 }, () => ''),
    'q quit  s sort: longest  / filter  Enter stack  i interrupt  w workers',
  ]);
});

test('at 40 x 12', () => {
  assert.deepEqual(drawn(BEGINNING, 40, 12), [
    'shop (pid 4700) running, up 3h07m',
    '1235 requests/s  2xx 1200  4xx 30.0',
    '5xx 0.4  queue-full 0.4',
    'threads 3/8 busy  workers 2/2 ready',
    'connections 120  queued 3',
    'took p50 1.2ms p99 1.8s',
    ' THREAD     FOR  REQUEST',
    '>4711/1   12.3s  GET /report\\x1b[2J?/of"',
    ' 4711/10   1.8s  GET /s?k',
    ' 4712/2    0.0s  POST /cart',
    ' 4711/2       -',
    'q quit  s sort: longest  / filter  Enter',
  ]);
});

test('in every mode and at every size it is as large as the window, and printable ASCII', () => {
  const modes = [[], ['w'], ['/', 'x'], ['i'], ['ENTER'], ['END']].map((keys) => after(keys).view);
  const stack = Array.from({ length: 50 }, (_, at) => `  File "shop.py", line ${at}`);
  for (const view of [...modes, { ...after(['ENTER', 'PAGE_DOWN']).view, stack }]) {
    for (const width of [1, 2, 11, 25, 40, 61, 80, 130]) {
      const fits = new RegExp(`^[ -~]{0,${width}}$`);
      for (const height of [1, 2, 3, 4, 5, 6, 12, 17, 18, 24, 40]) {
        const lines = picture(SEEN, view, { width, height }).map(textOf);
        assert.equal(lines.length, height);
        for (const line of lines) assert.match(line, fits);
      }
    }
  }
});

test('once, as text, it has all rows and no mark', () => {
  const text = wholePicture(SEEN, BEGINNING, 80);
  assert.equal(text.split('\n').length, 17);
  assert.match(text, /^ 4711\/1 {3}ready/m);
});

test('of a server that answers nothing that we know there is a picture, too', () => {
  const nothing = { status: {}, traffic: {}, workers: {}, threads: {}, connections: {} };
  const odd = { status: { workers: 7, listening: [{}] }, traffic: { lately: 'x' } };
  for (const answers of [nothing, { ...nothing, ...odd, threads: { threads: [null, 3] } }]) {
    assert.equal(picture(seenIn(answers), BEGINNING, { width: 80, height: 24 }).length, 24);
  }
});

test('a worker that does not answer is named', () => {
  const seen = { ...SEEN, silent: ['4712'] };
  const lines = picture(seen, BEGINNING, { width: 80, height: 24 }).map(textOf);
  assert.ok(lines.includes('Worker 4712 does not answer.'));
});

test('rows are sorted and filtered as asked, and the one that is chosen stays chosen', () => {
  const keysOf = (view: View): string[] => rowsOf(SEEN, view).map(({ key }) => key);
  assert.deepEqual(keysOf(after(['s']).view).slice(0, 4), [
    '4711/1',
    '4711/2',
    '4711/3',
    '4711/10',
  ]);
  assert.deepEqual(keysOf(after(['s', 's']).view).slice(0, 2), ['4712/2', '4711/10']);
  assert.deepEqual(keysOf(after(['s', 's', 's', 's']).view)[0], '4711/1');
  const filtered = after(['/', 'C', 'a', 'r', 'x', 'BACKSPACE', 'ENTER']).view;
  assert.deepEqual([keysOf(filtered), filtered.mode], [['4712/2'], 'table']);
  assert.deepEqual(after(['/', 'q', 'ESCAPE']).view.filter, '');
  assert.deepEqual(keysOf(after(['w', 's']).view), ['4711', '4712']);
  assert.deepEqual(keysOf(after(['w', 's', 's', 's']).view), ['4712', '4711']);
  const chosen = after(['DOWN', 'DOWN', 's']).view;
  assert.equal(chosen.chosen, '4712/2');
  assert.deepEqual(after(['END', 'DOWN']).view.chosen, '4712/4');
});

test('a thread is interrupted when somebody has said yes, and one that runs nothing is not', () => {
  assert.deepEqual(after(['i', 'n']).deed, null);
  assert.deepEqual(after(['i', 'q']).view.mode, 'table');
  assert.deepEqual(after(['i', 'x', 'y']).deed, { kind: 'interrupt', thread: '4711/1' });
  const idle = after(['END', 'i']).view;
  assert.deepEqual([idle.mode, idle.note], ['table', '4712/4 runs no request.']);
  // It is about the thread that was asked for, whatever stands there now.
  const asked = after(['i']).view;
  const later = { ...SEEN, threads: SEEN.threads.slice(1) };
  assert.deepEqual(press(asked, 'y', later).deed, { kind: 'interrupt', thread: '4711/1' });
});

test('a stack is asked for once, goes up and down, and Esc leads back', () => {
  const { view, deed } = after(['DOWN', 'ENTER']);
  assert.deepEqual([view.mode, deed], ['stack', { kind: 'stack', thread: '4711/10' }]);
  const come = { ...view, stack: ['a', 'b', 'c'] };
  assert.equal(after(['DOWN', 'DOWN', 'DOWN', 'DOWN'], come).view.stackFrom, 2);
  assert.equal(after(['DOWN', 'UP', 'UP'], come).view.stackFrom, 0);
  assert.equal(after(['ESCAPE'], come).view.mode, 'table');
  for (const mode of [[], ['/'], ['i'], ['ENTER']]) {
    assert.deepEqual(after([...mode, 'CTRL_C']).deed, { kind: 'leave' });
  }
});

test('colours are left out where somebody or the terminal does not want them', () => {
  assert.equal(hasColour({ TERM: 'xterm-256color', NO_COLOR: '' }), true);
  for (const env of [{ TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'vt220' }, { TERM: 'xterm-mono' }]) {
    assert.equal(hasColour(env), false);
  }
});

test('its own words are taken out and the rest says which server; a terminal that cannot be drawn on is refused', async () => {
  assert.deepEqual(takeTopWords(['--once', '--pid', 'x']), {
    own: { once: true },
    rest: ['--pid', 'x'],
  });
  for (const flag of TOP_FLAGS) {
    assert.ok(TOP_HELP.includes(flag));
    assert.ok(!(CTL_FLAGS as readonly string[]).includes(flag));
  }
  let err = '';
  const world = {
    env: { TERM: 'dumb' },
    uid: 1,
    hasTerminal: true,
    width: 80,
    out: () => undefined,
    err: (text: string) => {
      err += text;
    },
  };
  assert.equal(await runTop({} as never, { once: false }, world), 1);
  assert.match(
    err,
    /^Error: TERM is dumb: .* `tunicorn top --once` prints one picture as text\.\n$/,
  );
});
