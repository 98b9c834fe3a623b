// A real systemd for one test: a user instance in namespaces of its own (processes, mounts, control groups), which knows no units but
// those of the test. It needs root. Its end takes everything along that it has started.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, soon } from './eventually.ts';
import { Program } from './program.ts';

/** $0: the folder of the test, $1: its control group, $2: how that is mounted. What a booted system has in /run is made up. As
 * process 1 it would be a system's instance. */
const SCRIPT = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir -p "$1"
mount $2 "$1"
/lib/systemd/systemd --user --unit=none.target &
wait
`;

export class Systemd {
  /** Where units and whatever else the test needs may be. */
  readonly folder: string;
  readonly #program: Program;

  constructor(folder: string, program: Program) {
    this.folder = folder;
    this.#program = program;
  }

  /** systemctl's words; its standard output, also when it fails, with the exit code before it. */
  async control(...words: readonly string[]): Promise<{ code: number; output: string }> {
    const env = { ...process.env, ...environmentOf(this.folder) };
    // It takes orders from its own namespaces only, which are those of the first process in them.
    const [first = 0] = this.#program.childPids();
    const enter = ['--target', String(first), '--mount', '--pid', '--cgroup'];
    const command = ['systemctl', '--user', ...words];
    const done = new Promise<{ code: number; output: string }>((resolve) => {
      execFile('nsenter', [...enter, ...command], { env }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}`.trim() });
      });
    });
    return soon(done, `systemctl ${words.join(' ')}`);
  }

  /** A property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.control('show', '--property', name, '--value', unit)).output;
  }
}

function environmentOf(folder: string): NodeJS.ProcessEnv {
  return {
    XDG_RUNTIME_DIR: join(folder, 'run'),
    SYSTEMD_UNIT_PATH: join(folder, 'units'),
    HOME: folder,
  };
}

/** Resolves when it takes orders. @param units their texts by name, made for the folder */
export async function startSystemd(
  t: TestContext,
  units: (folder: string) => Readonly<Record<string, string>>,
): Promise<Systemd> {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-systemd-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  mkdirSync(join(folder, 'units'));
  const all = { 'none.target': '[Unit]\nDefaultDependencies=no\n', ...units(folder) };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, 'units', name), text);
  const program = startAlone(t, folder);
  const systemd = new Systemd(folder, program);
  await eventually(() => existsSync(join(folder, 'run/systemd/private')), 'systemd to listen');
  return systemd;
}

/** In a control group of its own, which it takes for all that there is. */
function startAlone(t: TestContext, folder: string): Program {
  // Of its own hierarchy (version 1), or of the only one.
  const first = existsSync('/sys/fs/cgroup/systemd');
  const root = first ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup';
  const how = first ? '-t cgroup -o none,name=systemd cgroup' : '-t cgroup2 cgroup2';
  const group = join(root, `tunicorn-test-${process.pid}`);
  mkdirSync(group);
  const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const namespaces = ['--mount', '--cgroup', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const program = new Program(t, {
    command: 'sh',
    args: ['-c', enter, group, 'unshare', ...namespaces, 'sh', '-c', SCRIPT, folder, root, how],
    env: environmentOf(folder),
  });
  t.after(async () => {
    await program.kill().catch(() => undefined);
    const remove = ['-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'];
    await eventually(() => {
      execFileSync('find', [group, ...remove], { stdio: 'ignore' });
      return true;
    }, `${group} to be empty`);
  });
  return program;
}
