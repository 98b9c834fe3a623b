// The words of an access-log format: for each atom of Gunicorn's `access_log_format` how to get it from a record. What
// a client or an application can choose is escaped; what is missing is "-".

import { percentDecoded } from '../percent.ts';
import { type AccessRecord, basicUser, type PhaseTimes, requestField } from './access-record.ts';
import { escapeShown } from './escape.ts';

/** `time` is the bracketed local time of the line. */
export type Atom = (record: AccessRecord, time: string) => string;

/** "-" for what is missing or empty, as log parsers split at blanks. */
function shown(value: string | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : escapeShown(value);
}

/** "-" for what is missing. What is there and empty is empty, as in Gunicorn. */
function present(value: string | null | undefined): string {
  return value === null || value === undefined ? '-' : escapeShown(value);
}

function microseconds(record: AccessRecord): number {
  return Math.trunc(record.durationMs * 1000);
}

function requestLine({ head }: AccessRecord): string {
  if (head.method === '') return '-';
  return `${escapeShown(head.method)} ${escapeShown(head.target)} HTTP/1.${head.minorVersion}`;
}

function protocol({ head }: AccessRecord): string {
  return head.method === '' ? '-' : `HTTP/1.${head.minorVersion}`;
}

function statusCode({ status }: AccessRecord): string {
  const blank = status.indexOf(' ');
  return shown(blank === -1 ? status : status.slice(0, blank));
}

/** Whole seconds, a dot, six digits. */
function decimalSeconds(record: AccessRecord): string {
  const all = microseconds(record);
  const seconds = Math.trunc(all / 1e6);
  return `${seconds}.${String(all - seconds * 1e6).padStart(6, '0')}`;
}

/** Milliseconds, cut to microseconds. */
function phase(name: keyof PhaseTimes): Atom {
  return ({ phases }) => phases?.[name]?.toFixed(3) ?? '-';
}

const phases: Readonly<Record<string, Atom>> = {
  head_ms: phase('headMs'),
  body_ms: phase('bodyMs'),
  queue_ms: phase('queueMs'),
  application_ms: phase('applicationMs'),
  write_ms: phase('writeMs'),
};

/** Those that need the times of phases, which are not taken otherwise. */
export const phaseAtoms: ReadonlySet<string> = new Set(Object.keys(phases));

/** The atoms that are numbers, which alone may be written with %d. */
export const numberAtoms: ReadonlySet<string> = new Set(['B', 'D', 'M', 'T']);

const plain: Readonly<Record<string, Atom>> = {
  h: (record) => shown(record.peer.address),
  l: () => '-',
  u: (record) => shown(basicUser(record.head.fields)),
  t: (_, time) => time,
  r: requestLine,
  s: statusCode,
  m: (record) => shown(record.head.method),
  U: (record) => shown(pathInfo(record)),
  // Gunicorn: the query may be empty and is then empty, so that %(U)s?%(q)s reads as the request did.
  q: (record) => escapeShown(record.head.query),
  H: protocol,
  b: (record) => String(record.bodyBytes),
  B: (record) => String(record.bodyBytes),
  f: (record) => present(requestField(record.head.fields, 'referer')),
  a: (record) => present(requestField(record.head.fields, 'user-agent')),
  T: (record) => String(Math.trunc(record.durationMs / 1000)),
  D: (record) => String(microseconds(record)),
  M: (record) => String(Math.trunc(record.durationMs)),
  L: decimalSeconds,
  p: () => `<${process.pid}>`,
  // Ours, with names that Gunicorn does not have: it prints "-" for them.
  end: (record) => record.endCode,
  code: (record) => shown(record.failureCode),
  ...phases,
};

/** The atom of that name; one that nobody knows is "-", as in Gunicorn. */
export function atomNamed(name: string): Atom {
  const bracketed = /^\{(.*)\}([ioe])$/.exec(name);
  if (bracketed === null) return Object.hasOwn(plain, name) ? (plain[name] ?? missing) : missing;
  const inner = (bracketed[1] ?? '').toLowerCase();
  if (bracketed[2] === 'i') return (record) => present(requestField(record.head.fields, inner));
  return bracketed[2] === 'o' ? replyFieldAtom(inner) : variableAtom(inner);
}

/** Whether lines will ever show something for it. */
export function isAtom(name: string): boolean {
  return /^\{.*\}[ioe]$/.test(name) || Object.hasOwn(plain, name);
}

function missing(): string {
  return '-';
}

/** A field that the application gave; of repeated ones the last. Its text is searched only if a format asks. */
function replyFieldAtom(lowerName: string): Atom {
  const name = lowerName.replace(/[^\w-]/g, '\\$&');
  const line = new RegExp(`(?:^|\\n)${name}:[ \\t]*([^\\r\\n]*)`, 'gi');
  return (record) => {
    let value: string | null = null;
    for (const found of record.replyFields.matchAll(line)) value = found[1]?.trimEnd() ?? null;
    return present(value);
  };
}

const variables: Readonly<Record<string, (record: AccessRecord) => string | null>> = {
  request_method: ({ head }) => head.method,
  script_name: ({ head }) => head.forwarded?.scriptName ?? '',
  path_info: pathInfo,
  query_string: ({ head }) => head.query,
  raw_uri: ({ head }) => head.target,
  server_protocol: protocol,
  content_type: ({ head }) => requestField(head.fields, 'content-type'),
  content_length: ({ head }) => requestField(head.fields, 'content-length'),
  remote_addr: ({ peer }) => peer.address,
  remote_port: ({ peer }) => (peer.port === 0 ? null : String(peer.port)),
  server_name: ({ peer }) => peer.serverName,
  server_port: ({ peer }) => String(peer.serverPort),
  'wsgi.url_scheme': ({ peer }) => peer.scheme,
  'wsgi.version': () => '(1, 0)',
  'wsgi.run_once': () => 'False',
  'wsgi.input_terminated': () => 'True',
  proxy_protocol: ({ peer }) => peer.introduction?.protocol ?? null,
  proxy_addr: ({ peer }) => peer.introduction?.server?.address ?? null,
  proxy_port: ({ peer }) => peer.introduction?.server?.port.toString() ?? null,
};

/** Without the part that a proxy says is before the application, as PATH_INFO in the environ. */
function pathInfo({ head }: AccessRecord): string {
  const before = head.forwarded?.scriptName ?? '';
  return percentDecoded(head.path.startsWith(before) ? head.path.slice(before.length) : head.path);
}

/** A variable of the WSGI environ, as far as it follows from the request, or one that the record brings along. */
function variableAtom(lowerName: string): Atom {
  const known = Object.hasOwn(variables, lowerName) ? variables[lowerName] : undefined;
  if (known !== undefined) return (record) => present(known(record));
  if (lowerName.startsWith('http_')) {
    const field = lowerName.slice('http_'.length).replaceAll('_', '-');
    return (record) => present(joinedField(record.head.fields, field));
  }
  return (record) => {
    for (const [name, value] of Object.entries(record.variables ?? {})) {
      if (name.toLowerCase() === lowerName) return present(value);
    }
    return '-';
  };
}

/** As in the environ, where cookies are joined as RFC 6265, 4.2.1 has it (Gunicorn: by a comma); null without one. */
function joinedField(fields: readonly string[], lowerName: string): string | null {
  const values = fields.filter((_, index) => {
    if (index % 2 === 0) return false;
    return fields[index - 1]?.toLowerCase().replaceAll('_', '-') === lowerName;
  });
  return values.length === 0 ? null : values.join(lowerName === 'cookie' ? '; ' : ',');
}
