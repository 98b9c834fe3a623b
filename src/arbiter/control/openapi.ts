// The control socket's OpenAPI description, made from the table that it answers from.

import { ROUTES, type Route } from './routes.ts';

/** As docs/control.openapi.json has it. */
export function controlOpenApi(version: string): string {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  const described = {
    openapi: '3.1.0',
    info: {
      title: 'The control socket of Tunicorn',
      version,
      description:
        'HTTP on a unix socket (setting control_socket). Durations that end in Ms are milliseconds. A member may be added by any release; none changes its meaning.',
    },
    paths,
    components: {
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          properties: { error: { type: 'string', description: 'A sentence for people.' } },
        },
      },
    },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

function operation({ id, summary, parameters, body, status }: Route): object {
  const json = (schema: object): object => ({ content: { 'application/json': { schema } } });
  return {
    operationId: id,
    summary,
    parameters: parameters.map(({ name, in: place, type, values, meaning }) => ({
      name,
      in: place,
      required: place === 'path',
      description: meaning,
      schema: { type, ...(values && { enum: values }) },
    })),
    ...(body !== null && {
      requestBody: {
        required: true,
        ...json({
          type: 'object',
          properties: Object.fromEntries(
            Object.entries(body).map(([name, { type, values, meaning }]) => [
              name,
              { type, ...(values && { enum: values }), description: meaning },
            ]),
          ),
        }),
      },
    }),
    responses: {
      [status]: { description: 'As the summary says.', ...json({ type: 'object' }) },
      default: {
        description: 'It cannot be done.',
        ...json({ $ref: '#/components/schemas/Error' }),
      },
    },
  };
}
