// Answers a request at the control socket from the table: finds its route, checks what it brings against that, and refuses with a sentence
// whatever does not fit.

import type { Operator } from './operator.ts';
import { Refusal } from './refusal.ts';
import type { BodyMember, Given, Parameter, Route } from './route.ts';
import { ROUTES } from './routes.ts';
import type { ControlReply, ControlRequest } from './server.ts';

export async function answer(operator: Operator, request: ControlRequest): Promise<ControlReply> {
  try {
    const found = ROUTES.flatMap((route) => {
      const inPath = matched(route.path, request.path);
      return inPath === null ? [] : [{ route, inPath }];
    });
    if (found.length === 0) throw new Refusal(404, `There is no ${request.path}. ${whatThereIs()}`);
    const fit = found.find(({ route }) => route.method === request.method);
    if (fit === undefined) {
      const methods = found.map(({ route }) => route.method).join(' or ');
      throw new Refusal(405, `${request.path} is asked for with ${methods}.`);
    }
    const given = givenTo(fit.route, fit.inPath, request);
    return { status: fit.route.status, body: await fit.route.answer(operator, given) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: { error: error.message } };
  }
}

function whatThereIs(): string {
  return `There is: ${[...new Set(ROUTES.map(({ path }) => path))].join(', ')}.`;
}

/** Values of the parameters in a path; null where it is another. */
function matched(pattern: string, path: string): ReadonlyMap<string, string> | null {
  const wanted = pattern.split('/');
  const there = path.split('/');
  if (wanted.length !== there.length) return null;
  const values = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const text = there[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) values.set(name, text);
    else if (part !== text) return null;
  }
  return values;
}

function givenTo(
  route: Route,
  inPath: ReadonlyMap<string, string>,
  { query, body }: ControlRequest,
): Given {
  const given = new Map<string, string | number>();
  const inQuery = route.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  for (const name of query.keys()) {
    if (inQuery.includes(name)) continue;
    const instead = inQuery.length === 0 ? 'It takes none.' : `It takes ${inQuery.join(', ')}.`;
    throw new Refusal(400, `There is no parameter ${name} here. ${instead}`);
  }
  for (const parameter of route.parameters) {
    const { name } = parameter;
    const text = parameter.in === 'path' ? inPath.get(name) : query.get(name);
    if (text !== undefined && text !== null) given.set(name, parameterOf(parameter, text));
  }
  if (route.body !== null) {
    for (const [name, value] of bodyOf(route.body, body)) given.set(name, value);
  }
  return given;
}

function parameterOf(parameter: Parameter, text: string): string | number {
  const { name, type } = parameter;
  const values = type === 'boolean' ? ['true', 'false'] : parameter.values;
  if (values?.includes(text) === false) {
    throw new Refusal(400, `${name} is one of ${values.join(', ')}, not "${text}".`);
  }
  if (type !== 'integer') return text;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} is a whole number, not "${text}".`);
  return bounded(name, parameter, Number(text));
}

function bodyOf(
  wanted: { readonly [member: string]: BodyMember },
  text: string,
): Map<string, string | number> {
  let json: unknown;
  try {
    json = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new Refusal(400, 'The body is no JSON.');
  }
  const object = typeof json === 'object' && json !== null ? json : {};
  const members = new Map<string, string | number>();
  for (const [name, member] of Object.entries(wanted)) {
    const value: unknown = (object as Record<string, unknown>)[name];
    if (value !== undefined) members.set(name, memberOf(name, member, value));
    else if (member.default === undefined) {
      throw new Refusal(400, `The body is a JSON object with ${name}, and ${name} is missing.`);
    }
  }
  return members;
}

function memberOf(name: string, member: BodyMember, value: unknown): string | number {
  const { type, values } = member;
  const shown = JSON.stringify(value);
  if (type === 'integer') {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw new Refusal(400, `${name} is a whole number, not ${shown}.`);
    }
    return bounded(name, member, value);
  }
  if (typeof value === 'string' && (values?.includes(value) ?? true)) return value;
  throw new Refusal(400, `${name} is ${values?.join(' or ') ?? 'a text'}, not ${shown}.`);
}

function bounded(name: string, { min, max }: Parameter | BodyMember, value: number): number {
  if (min !== undefined && value < min) {
    throw new Refusal(400, `${name} is ${min} or more, not ${value}.`);
  }
  if (max !== undefined && value > max) {
    throw new Refusal(400, `${name} is at most ${max}, and ${value} was asked for.`);
  }
  return value;
}
