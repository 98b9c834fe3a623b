// A reporter for node's test runner that writes for each test file, one a line, its path, how long its tests took in
// milliseconds (those that run beside each other each count), how many there were, and whether one of them failed.

export default async function* fileReport(events) {
  const files = new Map();
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.file === undefined) continue;
    // Those that share a process are a suite each, by their path.
    const whole = data.file.endsWith('/scripts/run-together.mjs');
    const path = whole ? data.name : data.file;
    const file = files.get(path) ?? { path, ms: 0, tests: 0, failed: false };
    files.set(path, file);
    if (data.nesting === 0) file.ms += data.details.duration_ms;
    if (data.details.type !== 'suite') file.tests += 1;
    if (type === 'test:fail') file.failed = true;
  }
  for (const file of files.values()) yield `${JSON.stringify(file)}\n`;
}
