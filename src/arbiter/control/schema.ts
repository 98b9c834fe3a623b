// What an answer in JSON consists of, as OpenAPI 3.1 describes it (JSON Schema 2020-12), bound to the TypeScript type that is answered:
// a member that is forgotten, that no longer exists or that is of another type does not compile. Each carries an example.

export type Json = { readonly [key: string]: unknown };

/** Of values of whatever type. */
export interface Described {
  readonly description: string;
  /** `named`: those that have a name, which stand once for all; they are added to it. */
  render(named: Map<string, Json>): Json;
  readonly example: unknown;
}

/** Of values of exactly this type. */
export interface Schema<T> extends Described {
  /** Is never there: keeps schemas of different types apart. */
  readonly of?: (value: T) => T;
}

/** Of a member that may be missing. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly isOptional: true;
}

export type MembersOf<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? OptionalSchema<Exclude<T[K], undefined>>
    : Schema<T[K]>;
};

type Unit = 'ms' | 's' | 'bytes' | 'requests/s';

export function text(description: string, example: string): Schema<string> {
  return leaf({ type: 'string', description }, example);
}

/** One of these. Typed as a text where nothing but this says so. */
export function choice<T extends string>(
  description: string,
  values: readonly T[],
  example: T,
): Schema<T> {
  return leaf({ type: 'string', enum: values, description }, example);
}

export function flag(description: string, example: boolean): Schema<boolean> {
  return leaf({ type: 'boolean', description }, example);
}

/** A whole number. */
export function whole(description: string, minimum: number, example: number): Schema<number> {
  return leaf({ type: 'integer', minimum, description }, example);
}

export function count(description: string, example: number): Schema<number> {
  return whole(description, 0, example);
}

export function positive(description: string, example: number): Schema<number> {
  return whole(description, 1, example);
}

/** 0 or more. */
export function amount(description: string, unit: Unit, example: number): Schema<number> {
  return leaf({ type: 'number', minimum: 0, 'x-unit': unit, description }, example);
}

/** May be negative. */
export function difference(description: string, unit: Unit, example: number): Schema<number> {
  return leaf({ type: 'number', 'x-unit': unit, description }, example);
}

export function wholeAmount(description: string, unit: Unit, example: number): Schema<number> {
  return leaf({ type: 'integer', minimum: 0, 'x-unit': unit, description }, example);
}

/** Whatever JSON can say. */
export function anything<T = unknown>(description: string, example: NoInfer<T>): Schema<T> {
  return leaf({ description }, example);
}

/** Of names that are not all known: how often. */
export function counts(
  description: string,
  example: { readonly [name: string]: number },
): Schema<{ readonly [name: string]: number }> {
  const additionalProperties = { type: 'integer', minimum: 0 };
  return leaf({ type: 'object', additionalProperties, description }, example);
}

export function list<T>(description: string, items: Schema<T>): Schema<readonly T[]> {
  return {
    description,
    render: (named) => ({ type: 'array', items: items.render(named), description }),
    example: [items.example],
  };
}

/** null as well; `description`: of the member, where that says more than its schema. */
export function nullable<T>(schema: Schema<T>, description?: string): Schema<T | null> {
  return {
    description: description ?? schema.description,
    render: (named) => {
      const json = schema.render(named);
      const words = description === undefined ? {} : { description };
      if (!('type' in json)) return { anyOf: [json, { type: 'null' }], ...words };
      const values = Array.isArray(json['enum']) ? { enum: [...json['enum'], null] } : {};
      return { ...json, type: [json['type'], 'null'], ...values, ...words };
    },
    example: schema.example,
  };
}

export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  const { description, render, example } = schema;
  return { description, render, example, isOptional: true };
}

/** With a name it stands once in the description, and others refer to it. */
export function object<T extends object>(
  description: string,
  members: MembersOf<T>,
  name?: string,
): Schema<T> {
  const all = Object.entries<Described>(members);
  const isRequired = ([, schema]: (typeof all)[number]): boolean => !('isOptional' in schema);
  const body = (named: Map<string, Json>): Json => ({
    type: 'object',
    description,
    required: all.filter(isRequired).map(([member]) => member),
    properties: Object.fromEntries(all.map(([member, schema]) => [member, schema.render(named)])),
  });
  return {
    description,
    render: (named) => {
      if (name === undefined) return body(named);
      if (!named.has(name)) named.set(name, body(named));
      return { $ref: `#/components/schemas/${name}` };
    },
    example: Object.fromEntries(all.map(([member, { example }]) => [member, example])),
  };
}

function leaf<T>(json: Json & { readonly description: string }, example: T): Schema<T> {
  const { description } = json;
  return { description, render: () => ({ ...json, examples: [example] }), example };
}
