// A reporter for node's test runner that writes for each test file, one a line, its path, how long its tests took in
// milliseconds (those that run beside each other each count), and whether one of them failed.

export default async function* fileReport(events) {
  const files = new Map();
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.file === undefined) continue;
    const file = files.get(data.file) ?? { path: data.file, ms: 0, failed: false };
    files.set(data.file, file);
    if (data.nesting === 0) file.ms += data.details.duration_ms;
    if (type === 'test:fail') file.failed = true;
  }
  for (const file of files.values()) yield `${JSON.stringify(file)}\n`;
}
