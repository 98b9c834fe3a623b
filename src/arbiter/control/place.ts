// Where the control socket of a server is when nobody says so: beside its pid file, else in a folder of its user's for what
// lives as long as the machine runs, under the arbiter's process id. `tunicorn ctl` looks there, too.

import { join } from 'node:path';
import type { Settings } from '../../settings/settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a control socket is called. */
export const ENDING = '.ctl';

/** null: by the process id, in `folderOf`. */
export function namedPlace({
  control_socket,
  pidfile,
}: Pick<Settings, 'control_socket' | 'pidfile'>): string | null {
  if (control_socket !== null) return control_socket;
  return pidfile === null ? null : `${pidfile.replace(/\.pid$/, '')}${ENDING}`;
}

/** Where those are that are called by the process id of their arbiter. null: this user has no such folder. */
export function folderOf(env: Environment, uid: number): string | null {
  const [runtime = ''] = (env['RUNTIME_DIRECTORY'] ?? '').split(':');
  if (runtime !== '') return runtime;
  const { XDG_RUNTIME_DIR: session = '', HOME: home = '' } = env;
  if (session !== '') return join(session, 'tunicorn');
  if (uid === 0) return '/run/tunicorn';
  return home === '' ? null : join(home, '.cache', 'tunicorn');
}
