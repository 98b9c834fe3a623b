// What raw_env puts into an environment: KEY=VALUE each, which the catalogue has made sure of.

export function variablesIn(rawEnv: readonly string[]): Record<string, string> {
  const pairs = rawEnv.map((line) => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
