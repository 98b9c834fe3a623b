// Finds the Python interpreter once, before anything is bound: workers get its real path (a pyenv shim costs every
// start a tenth of a second), and a missing or old one is one clear line instead of a failure in every worker.

import { execFile } from 'node:child_process';
import { type Owner, startAs } from '../owner.ts';

export interface PythonSearch {
  /** A name to look for on PATH, or a path. */
  readonly python: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whose rights it gets: what stands in its site-packages runs as soon as it starts. null: those of this process. */
  readonly owner: Owner | null;
}

const oldest = { major: 3, minor: 8 } as const;
/** Cold caches and emulated machines take seconds; an interpreter that hangs must not hang the start. */
const startMs = 30_000;

// The last two lines count: a sitecustomize may print before them.
const question =
  'import sys; print(); print(sys.executable or ""); print("%d.%d.%d" % sys.version_info[:3])';

/** The absolute path of the interpreter. Rejects with an Error with a sentence for people. */
export async function resolvePython(search: PythonSearch): Promise<string> {
  const { executable, version } = await ask(search);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new Error(
      `${search.python} is Python ${version} (${executable}), and ${oldest.major}.${oldest.minor} or later is needed. Choose another with --python.`,
    );
  }
  return executable;
}

function ask(search: PythonSearch): Promise<{ executable: string; version: string }> {
  const { python, cwd, env, owner } = search;
  return new Promise((resolve, reject) => {
    const { program, before, ids } = startAs(owner, python);
    const options = { cwd, env, timeout: startMs, killSignal: 'SIGKILL', ...ids } as const;
    execFile(program, [...before, '-c', question], options, (error, stdout, stderr) => {
      if (error !== null) {
        reject(new Error(whyNot(search, error, stderr)));
        return;
      }
      const [executable, version] = stdout.trimEnd().split(/\r?\n/).slice(-2);
      if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
        reject(new Error(`${python} is not a Python interpreter. Choose another with --python.`));
        return;
      }
      resolve({ executable: executable || python, version });
    });
  });
}

function whyNot(
  { python, env: { PATH: path } }: PythonSearch,
  error: Error & { code?: unknown; killed?: boolean; signal?: string | null },
  stderr: string,
): string {
  const remedy = `Install Python ${oldest.major}.${oldest.minor} or later, or give its path with --python.`;
  // What setpriv(1) says where Node.js would have.
  const notExecuted = stderr.startsWith('setpriv: failed to execute');
  if (error.code === 'ENOENT' || (notExecuted && error.code === 127)) {
    return python.includes('/')
      ? `There is no Python interpreter at ${python}. ${remedy}`
      : `${python} was not found on PATH (${path || 'which is empty'}). ${remedy}`;
  }
  if (error.code === 'EACCES' || (notExecuted && error.code === 126))
    return `${python} is not executable. ${remedy}`;
  if (error.killed) return `${python} did not answer within ${startMs / 1000} s. ${remedy}`;
  // Where it says nothing: the message of Node.js would show our whole question.
  const silent = `it ended with ${error.signal ?? `exit code ${String(error.code)}`} and said nothing`;
  const lastLine = (stderr.trimEnd().split('\n').at(-1) ?? '').replace(/\.$/, '') || silent;
  return `${python} does not start: ${lastLine}. ${remedy}`;
}
