// Tells whose rights it has: /status, /read?PATH, /make?PATH, /signal?PID. Answers as the WSGI one does.

import { readFileSync, statSync, writeFileSync } from 'node:fs';

function act(what, path) {
  if (what === '/read') return readFileSync(path, 'utf8');
  if (what === '/make') {
    writeFileSync(path, '');
    return `0o${(statSync(path).mode & 0o777).toString(8)}`;
  }
  if (what === '/signal') {
    process.kill(Number(path), 0);
    return 'sent';
  }
  return readFileSync('/proc/self/status', 'utf8');
}

export default function app(req, res) {
  const [what, path] = req.url.split('?');
  try {
    res.end(act(what, path));
  } catch (error) {
    res.end(error.code === 'EACCES' || error.code === 'EPERM' ? 'PermissionError' : error.message);
  }
}
