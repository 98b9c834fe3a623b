// Holds what a control socket answers against its own description, docs/control.openapi.json: every member is there, none is that is not
// described, and all are of the type that is told.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = { readonly [key: string]: unknown };

const FILE = new URL('../../../docs/control.openapi.json', import.meta.url);
export const description = JSON.parse(readFileSync(FILE, 'utf8')) as Json;

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(closed(description) as Json, 'control');
const validators = new Map<string, ValidateFunction>();

/** @param path with its parameters and query */
export function assertDescribed(
  { method, path, status }: { method: 'get' | 'post'; path: string; status: number },
  answer: unknown,
): void {
  const pointer = pointerTo(method, new URL(path, 'http://control').pathname, status);
  const valid = validatorAt(pointer);
  assert.ok(
    valid(answer),
    `${method} ${path}: ${ajv.errorsText(valid.errors, { dataVar: 'answer' })}`,
  );
}

/** Where the description has the schema of that answer; of a question that it does not know, that of a refusal. */
function pointerTo(method: string, path: string, status: number): string {
  const paths = description['paths'] as { [path: string]: { [method: string]: Json } };
  const found = Object.keys(paths).find((pattern) =>
    new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const operation = found === undefined ? undefined : paths[found]?.[method];
  if (found === undefined || operation === undefined) {
    assert.ok(status >= 400, `${method} ${path} is not described and was answered ${status}`);
    return '#/components/schemas/Error';
  }
  const responses = operation['responses'] as Json;
  assert.ok(status in responses || status >= 400, `${method} ${path}: ${status} is not described`);
  const code = status in responses ? status : 'default';
  const escaped = found.replaceAll('/', '~1').replace(/[{}]/g, encodeURIComponent);
  return `#/paths/${escaped}/${method}/responses/${code}/content/application~1json/schema`;
}

function validatorAt(pointer: string): ValidateFunction {
  const known = validators.get(pointer);
  if (known !== undefined) return known;
  const made = ajv.compile({ $ref: `control${pointer}` });
  validators.set(pointer, made);
  return made;
}

/** A member that is not described is a mistake here; other releases may add some. */
function closed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(closed);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json).map(([name, value]) => [name, closed(value)]);
  const isObject = 'properties' in json && 'type' in json && json.type === 'object';
  return Object.fromEntries([...members, ...(isObject ? [['additionalProperties', false]] : [])]);
}
