// The Python half of `npm test`: the bridge parses as Python 3.8, passes mypy --strict, and its own tests pass in the
// Python that the end-to-end tests use. Run as a program with what the tests need (test-needs.mjs) as JSON; the last line that it
// prints is JSON, too: what was missing.

import { run, runAndCapture } from './run-step.mjs';

const PARSES_AS_38 = `
import ast, pathlib, sys
files = sorted(pathlib.Path('python/tunicorn_bridge').rglob('*.py'))
for path in files:
    ast.parse(path.read_text(encoding='utf-8'), filename=str(path), feature_version=(3, 8))
print(f'{len(files)} files of the bridge parse as Python 3.8')
sys.exit(0 if files else 'python/tunicorn_bridge holds no Python file')
`;

const { ok, missing } = checkPython(JSON.parse(process.argv[2] ?? '{}'));
console.log(JSON.stringify(missing));
process.exitCode = ok ? 0 : 1;

/**
 * @param {{ python: string | null, mypy: string[] | null }} needs
 * @returns {{ ok: boolean, missing: string[] }}
 */
function checkPython(needs) {
  const python = needs.python ?? 'python3';
  const missing = [];
  let ok = run(python, ['-c', PARSES_AS_38]);
  if (needs.mypy === null) missing.push('Python bridge: mypy --strict was not run');
  else {
    const [command, ...before] = needs.mypy;
    ok = run(command, [...before, '--strict', 'python/tunicorn_bridge']) && ok;
  }
  return { ok: unittests(python, missing) && ok, missing };
}

/** unittest ends with 0 also when it found or ran nothing (before Python 3.12), so its last lines are read. */
function unittests(python, missing) {
  const args = ['-m', 'unittest', 'discover', '-s', 'python/tests', '-t', 'python'];
  // unittest reports on standard error; the shell joins the two so that one pipe has everything.
  const { ok, text } = runAndCapture('sh', ['-c', 'exec "$@" 2>&1', 'sh', python, ...args], {
    echo: true,
  });
  const ran = Number(/^Ran (\d+) tests? in /m.exec(text)?.[1] ?? 0);
  const skipped = Number(/skipped=(\d+)/.exec(text)?.[1] ?? 0);
  if (ran === 0) console.error('No Python test ran.');
  if (skipped > 0) missing.push(`Python bridge: ${skipped} tests skipped`);
  return ok && ran > 0;
}
