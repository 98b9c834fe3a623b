// Where a config file sets a key, as far as its text shows it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineOfKey } from '../../../src/settings/key-line.ts';

describe('the line of a key', () => {
  for (const [form, text] of [
    ['plain', 'export default {\n  bind: 1,\n  workers: 4,\n};'],
    ['in quotes', '{\n  "bind": 1,\n  "workers": 4\n}'],
    ['with others on its line', 'const a = 1;\nlet b;\nexport default { bind, workers: 4 };'],
    ['a method', 'export default {\n\n  async workers(server) {},\n};'],
    ['taken over by its name', 'export default {\n  bind: 1,\n  workers\n};'],
    ['once more in a comment', '/* workers: 1 */\n// workers: 2\n{ workers: 3 }'],
    ['behind an address', '{\n  bind: "http://x",\n  workers: 3 }'],
  ] as const) {
    it(`is found when it stands there ${form}`, () => assert.equal(lineOfKey(text, 'workers'), 3));
  }

  for (const [why, text] of [
    ['it stands nowhere', 'export default { bind: 1 };'],
    ['it stands on two lines', 'const a = { workers: 1 };\nexport default { workers: 2 };'],
    ['only a longer one stands there', 'export default { max_workers: 1, workers2: 2 };'],
  ] as const) {
    it(`is not told when ${why}`, () => assert.equal(lineOfKey(text, 'workers'), null));
  }
});
