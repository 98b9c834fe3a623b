// The control socket's OpenAPI description, made from the table that it answers from. The socket serves it, and docs/ has it.

import { Refused } from './described-server.ts';
import type { BodyMember, Parameter, Route } from './route.ts';
import { anything, type Json, object, type Schema, text } from './schema.ts';

/** OpenAPI's own. */
interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly paths: Json;
  readonly components: Json;
}

export const OpenApi: Schema<OpenApiDocument> = object<OpenApiDocument>(
  'A description that spec.openapis.org describes.',
  {
    openapi: text('The version of OpenAPI.', '3.1.0'),
    info: anything('What it is about.', { title: 'The control socket of Tunicorn' }),
    servers: anything('Where it holds.', [{ url: 'http://localhost' }]),
    paths: anything('What can be asked.', {}),
    components: anything('What several answers have in common.', {}),
  },
);

export function openApi(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas = new Map<string, Json>();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const method = route.method.toLowerCase();
    paths[route.path] = { ...paths[route.path], [method]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'The control socket of Tunicorn',
      version,
      description:
        'HTTP on a unix socket (setting control_socket). Units are told by x-unit; durations are as they were when it was asked. A member may be added by any release; none changes its meaning.',
    },
    servers: [{ url: 'http://localhost', description: 'On the unix socket; any host will do.' }],
    paths,
    components: {
      schemas: Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}

/** What any question may be answered. */
const ANY_REFUSAL = {
  400: 'A parameter or a member of the body is unknown, missing or of another kind.',
} as const;

function operation(route: Route, schemas: Map<string, Json>): Json {
  const { id, summary, parameters, body, status, answers, refusals } = route;
  const content = (schema: Json, example: unknown): Json => ({
    content: { 'application/json': { schema, example } },
  });
  const refusal = (description: string): Json => ({
    description,
    ...content(Refused.render(schemas), Refused.example),
  });
  const refused = Object.entries({ ...ANY_REFUSAL, ...refusals });
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters: parameters.map(parameterOf) }),
    ...(body !== null && { requestBody: bodyOf(body, content) }),
    responses: {
      [status]: {
        description: answers.description,
        ...content(answers.render(schemas), answers.example),
      },
      ...Object.fromEntries(refused.map(([code, why]) => [code, refusal(why)])),
      default: refusal('It cannot be done.'),
    },
  };
}

function parameterOf(parameter: Parameter): Json {
  const { name, in: place, meaning, example } = parameter;
  const required = place === 'path';
  return { name, in: place, required, description: meaning, schema: taken(parameter), example };
}

function bodyOf(
  body: { readonly [member: string]: BodyMember },
  content: (schema: Json, example: unknown) => Json,
): Json {
  const members = Object.entries(body);
  const required = members.filter(([, one]) => one.default === undefined).map(([name]) => name);
  const properties = members.map(([name, one]) => [
    name,
    { ...taken(one), description: one.meaning },
  ]);
  const schema = { type: 'object', required, properties: Object.fromEntries(properties) };
  const example = Object.fromEntries(members.map(([name, one]) => [name, one.example]));
  return { required: required.length > 0, ...content(schema, example) };
}

function taken({ type, values, min, max, default: otherwise }: Parameter | BodyMember): Json {
  return {
    type,
    ...(values && { enum: values }),
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...(otherwise !== undefined && { default: otherwise }),
  };
}
