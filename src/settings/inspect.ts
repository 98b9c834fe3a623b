// Where debuggers are listened for, as the flag of Node.js has it.

export interface InspectAddress {
  readonly host: string;
  readonly port: number;
}

/** Node.js's own. */
const HOST = '127.0.0.1';
const PORT = 9229;

/** HOST:PORT, [IPV6]:PORT, PORT or HOST. Null when it is none of these. */
export function parseInspectAddress(text: string): InspectAddress | null {
  if (/^\d{1,5}$/.test(text))
    return Number(text) > 65535 ? null : { host: HOST, port: Number(text) };
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(text);
  if (parts === null) return null;
  const [, host = HOST, port = `${PORT}`] = parts;
  if (Number(port) > 65535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** HOST:PORT, [IPV6]:PORT or PORT, where a port is no matter of course. Null when it is none of these. */
export function parsePortAddress(text: string): InspectAddress | null {
  return /(^|:)\d{1,5}$/.test(text) ? parseInspectAddress(text) : null;
}

/** Whoever can connect can run any code: so nobody but this machine should. */
export function isLoopback({ host }: InspectAddress): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === '::1' || host === 'localhost';
}
