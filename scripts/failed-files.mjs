// A reporter for node's test runner that writes the path of each file that has a failed test, one a line.

export default async function* failedFiles(events) {
  for await (const { type, data } of events) {
    if (type === 'test:fail' && data.file !== undefined) yield `${data.file}\n`;
  }
}
