// The folder in which the command was given, by the name that was used for it. A deployment that puts a new release behind the same
// symbolic link is found again by that name at a reload; the kernel knows only where the link led when the process started.

import { statSync } from 'node:fs';

/** As Gunicorn (util.getcwd): `PWD` where it is the folder that we are in, else what the kernel says. */
export function startFolder(env: { readonly [name: string]: string | undefined }): string {
  const real = process.cwd();
  const named = env['PWD'];
  if (named === undefined || !named.startsWith('/')) return real;
  try {
    const [a, b] = [statSync(named), statSync(real)];
    return a.ino === b.ino && a.dev === b.dev ? named : real;
  } catch {
    return real;
  }
}
