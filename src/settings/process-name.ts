// What a server is called: in the titles of its processes and in syslog.

import type { Settings } from './settings.ts';

/** Gunicorn's: `proc_name`, else the application. */
export function serverName({ proc_name, app }: Pick<Settings, 'proc_name' | 'app'>): string {
  return proc_name ?? app ?? 'tunicorn';
}

/** As ps and top show it. */
export function processTitle(
  role: 'arbiter' | 'worker' | 'python' | 'preload',
  name: string,
): string {
  return `tunicorn: ${role} [${name}]`;
}
