// `npm run fuzz`: plays made-up bytes to the parser, the connection machine and what answers, for `--minutes` (or
// `--seconds`), shared among the targets (`--only NAME` for one of them). Says what it did, and ends with 1 and the
// shortest bytes that it found when something does not hold. `--seed` repeats a run.

import { parseArgs } from 'node:util';
import { TARGETS } from './targets/all.ts';
import { watched } from './watch.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});

const DEFAULT_SECONDS = 60;

await main();

async function main(): Promise<void> {
  const minutes = Number(values.minutes ?? 0);
  const seconds = minutes > 0 ? minutes * 60 : Number(values.seconds ?? DEFAULT_SECONDS);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  const targets = TARGETS.filter(({ name }) => values.only === undefined || name === values.only);
  if (targets.length === 0) {
    console.error(`--only is one of ${TARGETS.map(({ name }) => name).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  console.log(`Fuzzing for ${seconds} s with --seed ${seed}.`);
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  for (const { name, module, target, share } of targets) {
    const own = (seconds * share) / shares;
    const outcome = await watched({ module, target, seed, seconds: own, executions: 0 });
    const rate = Math.round(outcome.executions / own);
    console.log(
      `${name}: ${outcome.executions} executions (${rate}/s), ${outcome.kept} inputs kept, ` +
        `${outcome.coveredCharacters} characters of code covered`,
    );
    if (outcome.finding === null) continue;
    console.log(`${name} FAILED for '${quoted(outcome.finding.input)}'`);
    console.log(outcome.finding.error);
    process.exitCode = 1;
  }
}

/** As it can be put into a test: printable ASCII as it is, everything else as an escape. */
function quoted(text: string): string {
  return text.replace(/[^ -~]|['\\]/g, (character) => {
    const named: Readonly<Record<string, string>> = {
      '\r': '\\r',
      '\n': '\\n',
      "'": "\\'",
      '\\': '\\\\',
    };
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return named[character] ?? `\\x${code}`;
  });
}
