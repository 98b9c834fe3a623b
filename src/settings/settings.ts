// The resolved settings as everybody else sees them: one flat, read-only object, names as Gunicorn has them.
// (Placeholder until the catalogue infers it.)
export interface Settings {
  readonly [name: string]: unknown;
}
