// The sentence of a failure, whatever was thrown: applications and their libraries throw other things than Errors.

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
