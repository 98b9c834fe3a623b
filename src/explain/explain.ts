// `tunicorn explain`: one request is read by the parser that serves, with the limits that serve; its client is found out
// by the standing and the fields that connections ask for; its deadlines come from the tables that they run on. What
// is said here can so not differ from what is done.

import { isOfRequests } from '../connection/entrance.ts';
import { Origin } from '../connection/origin.ts';
import { HeadReader, type ParsedHead } from '../http1/head.ts';
import { decideApp } from '../settings/app-spec.ts';
import type { Resolved } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import { headLimitsOf } from '../worker/context.ts';
import { isProbe } from '../worker/health.ts';
import { proxiesOf } from '../worker/proxies.ts';
import type { Asked, Read } from './asked.ts';
import { ClientLists, listRules } from './client-lists.ts';
import { clientRules } from './clients.ts';
import { deadlineRules } from './deadlines.ts';
import type { Explanation, OwnAnswer } from './explanation.ts';
import { bodyAnswer, limitRules } from './limits.ts';
import type { Question } from './options.ts';
import { trustRules } from './trust.ts';

/** @throws SettingError when there is an APP that has no form of one, or a list of networks that cannot be read */
export function explain(resolved: Resolved, question: Question): Explanation {
  const { settings } = resolved;
  const lists = new ClientLists(resolved);
  const read = readHead(settings, question);
  const { address, scheme } = peerOf(settings, read);
  const asked: Asked = { ...read, answer: answerOf(settings, read, lists, address) };
  const { method, target, from } = question;
  const ofClient = [
    ...listRules(resolved, lists, address),
    ...clientRules(resolved, asked, lists, address),
  ];
  return {
    request: { method, target, from, app: { name: settings.app, type: asked.type } },
    client: { address, scheme, scriptName: asked.head.forwarded?.scriptName ?? null },
    answer: asked.answer,
    rules: [
      ...trustRules(resolved, asked),
      ...ofClient,
      ...limitRules(resolved, asked),
      ...deadlineRules(resolved, asked, ofClient),
    ],
  };
}

/** In the order in which a connection finds out. */
function answerOf(
  settings: Settings,
  { question, type, head, refused, ofRequests }: Read,
  lists: ClientLists,
  address: string,
): OwnAnswer | null {
  return (
    (ofRequests ? null : lists.connectionAnswer(question.from)) ??
    refused ??
    probeAnswer(settings, head) ??
    (ofRequests ? lists.requestAnswer(address) : null) ??
    bodyAnswer(settings, type, head)
  );
}

/** Nothing has to be there to be explained. */
function typeOf(settings: Settings): 'wsgi' | 'node' {
  if (settings.app === null) return settings.app_type === 'node' ? 'node' : 'wsgi';
  return decideApp(settings).type;
}

function readHead(settings: Settings, question: Question): Read {
  const type = typeOf(settings);
  const limits = headLimitsOf(settings, type);
  const proxies = proxiesOf(settings, limits);
  const standing = proxies.standingOf(question.from);
  const sent = withHost(question.fields);
  const heads = new HeadReader(standing.forwards ? proxies.headLimits : limits);
  heads.read(Buffer.from(headText(question, sent), 'latin1'), 0);
  const { error } = heads;
  const head = heads.head ?? heads.known;
  const refused =
    error === null ? null : { status: error.status, code: error.code, detail: error.message };
  const ofRequests = isOfRequests(standing, settings.forwarded_for);
  return { question, type, standing, ofRequests, head, sent, refused };
}

function withHost(fields: readonly string[]): readonly string[] {
  const has = fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  return has ? fields : ['Host', 'localhost', ...fields];
}

function headText({ method, target }: Question, sent: readonly string[]): string {
  const lines = sent.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${sent[at + 1]}`] : []));
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

function probeAnswer(settings: Settings, head: ParsedHead): OwnAnswer | null {
  const { health_path: healthPath, ready_path: readyPath } = settings;
  if (healthPath === null || !isProbe(head, { healthPath, readyPath: readyPath ?? '' })) {
    return null;
  }
  return { status: 200, code: '', detail: 'it asks how the server fares, which no thread answers' };
}

function peerOf(settings: Settings, { question, head }: Read): ReturnType<Origin['of']> {
  const scheme = settings.certfile === null ? 'http' : 'https';
  const place = { serverName: '', serverPort: 0 };
  return new Origin({ address: question.from, port: 0, scheme, ...place }).of(head);
}
