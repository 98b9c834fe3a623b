// The absolute URL of a request, which HTTP/1.1 sends in two parts. Nearly every request asks the same host for a plain
// path, so the host is normalized once and only unusual paths go through the URL parser.

/** Characters that the URL parser leaves alone in a path and query. A dot after a slash, or %2e, may mean another folder. */
const PLAIN = /^\/(?![/\\])(?:[A-Za-z0-9\-_~!$&()*+,;=:@?]|%(?!2[Ee])|\/(?!\.)|(?<!\/)\.)*$/;

let lastKey = '';
let lastOrigin = '';

/** Null when host and target do not make a URL; the request is malformed then. */
export function requestUrl(scheme: string, host: string, target: string): string | null {
  if (target.charCodeAt(0) !== 47) return foreignUrl(scheme, host, target);
  const key = `${scheme}://${host}`;
  if (key !== lastKey) {
    const origin = originOf(key);
    if (origin === null) return null;
    lastKey = key;
    lastOrigin = origin;
  }
  if (PLAIN.test(target)) return lastOrigin + target;
  return parsed(lastOrigin + target);
}

/** Absolute form names its own host (RFC 9112, 3.2.2); "*" stands for the server as a whole. */
function foreignUrl(scheme: string, host: string, target: string): string | null {
  if (/^https?:\/\//i.test(target)) return parsed(target);
  return target === '*' ? parsed(`${scheme}://${host}/*`) : null;
}

function originOf(base: string): string | null {
  try {
    const url = new URL(base);
    const bare =
      url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
    return bare ? url.origin : null;
  } catch {
    return null;
  }
}

function parsed(text: string): string | null {
  try {
    const url = new URL(text);
    url.hash = '';
    return url.href;
  } catch {
    return null;
  }
}
