// Which kind of application APP names, decided by its form: a path is Node.js, a dotted name is Python. app_type decides
// where the form misleads. Nothing is loaded here.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { quote, SettingError } from './setting-error.ts';
import type { Settings } from './settings.ts';
import { whatIsAt } from './what-is-there.ts';

export type AppSpec =
  /** `spec` as written; `callable` is what stands behind the colon (a name or a call), null when nothing does. */
  | {
      readonly type: 'wsgi';
      readonly spec: string;
      readonly module: string;
      readonly callable: string | null;
    }
  /** `path` is absolute: a file, or a directory with a package.json. `exportName` is null for the default export. */
  | { readonly type: 'node'; readonly path: string; readonly exportName: string | null };

const FORMS =
  'Write a Python application as package.module:callable, a Node.js application as ./file.ts or ./directory.';

const NODE_FILE = /\.[mc]?[jt]s$/;
/** `path:name`; a drive letter is no path of its own. */
const PATH_AND_EXPORT = /^(.{2,}?):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u;
const BEFORE_COLON = /^([a-z]:(?=[/\\]))?[^:]*/i;
const PYTHON_MODULE = /^[\p{ID_Start}_]\p{ID_Continue}*(\.[\p{ID_Start}_]\p{ID_Continue}*)*$/u;

/** @throws SettingError when there is no application, or its form is neither */
export function decideApp(settings: Pick<Settings, 'app' | 'app_type' | 'chdir'>): AppSpec {
  const { app, app_type, chdir } = settings;
  if (app === null) throw noApplication('', 'No application module specified.', FORMS);
  const [path, exportName] = splitExport(app);
  const isNode = app_type === 'node' || (app_type === 'auto' && looksLikeNode(path, chdir));
  return isNode ? nodeApp(path, exportName, chdir) : wsgiApp(app);
}

/** Whether APP as written names a Node.js application by its form. */
export function looksLikeNodeApp(app: string, chdir: string): boolean {
  return looksLikeNode(splitExport(app)[0], chdir);
}

/** Judged by what stands before the first colon: behind it there may be a call with any text in it. */
function looksLikeNode(path: string, chdir: string): boolean {
  const [name = ''] = BEFORE_COLON.exec(path) ?? [];
  if (isPythonFile(name)) return false;
  return /[/\\]/.test(name) || NODE_FILE.test(name) || isNodePackage(join(chdir, name));
}

/** A Python package may have a package.json for its front end. */
function isNodePackage(directory: string): boolean {
  const has = (file: string): boolean => existsSync(join(directory, file));
  return has('package.json') && !has('__init__.py');
}

function splitExport(app: string): [path: string, exportName: string | null] {
  const parts = PATH_AND_EXPORT.exec(app);
  const [, path, name] = parts ?? [];
  return path === undefined || name === undefined ? [app, null] : [path, name];
}

/** Whether it exists is asked here, because the answer is one line; whether it loads shows in the thread. */
function nodeApp(written: string, exportName: string | null, chdir: string): AppSpec {
  const path = resolve(chdir, written);
  const found = whatIsAt(path);
  if (found === null) {
    throw noApplication(written, `There is no Node.js application at ${path}.`, FORMS);
  }
  if (found.isDirectory() && !existsSync(join(path, 'package.json'))) {
    const right = 'Name the file that exports the application.';
    throw noApplication(written, `The directory ${path} has no package.json.`, right);
  }
  return { type: 'node', path, exportName: exportName === 'default' ? null : exportName };
}

function wsgiApp(spec: string): AppSpec {
  const colon = spec.indexOf(':');
  const module = colon === -1 ? spec : spec.slice(0, colon);
  const callable = colon === -1 ? null : spec.slice(colon + 1).trim();
  if (isPythonFile(module)) {
    const dotted = module
      .replace(/^\.[/\\]/, '')
      .replace(/\.py$/, '')
      .replaceAll(/[/\\]/g, '.');
    const right = `Write ${dotted}:${callable ?? 'application'}.`;
    throw noApplication(
      spec,
      `${quote(module)} is a file; a Python application is named by its module.`,
      right,
    );
  }
  if (!PYTHON_MODULE.test(module)) {
    throw noApplication(spec, `${quote(module)} is not the name of a Python module.`, FORMS);
  }
  if (callable === '') {
    const right = `Leave the colon out for \`application\` or \`app\`, or write ${module}:callable.`;
    throw noApplication(spec, `Nothing stands behind the colon in ${quote(spec)}.`, right);
  }
  return { type: 'wsgi', spec, module, callable };
}

function isPythonFile(path: string): boolean {
  return path.endsWith('.py');
}

/** No source: Gunicorn exits with 1 here, wherever APP came from. */
function noApplication(value: string, problem: string, suggestion: string): SettingError {
  return new SettingError({
    code: 'no-application',
    setting: 'app',
    value,
    source: null,
    rule: '',
    problem,
    suggestion,
  });
}
