// The list of what is fuzzed. Modules are named and not imported: the thread that fuzzes one of them begins to measure
// its coverage before it loads it.

const here = (file: string): string => new URL(`./${file}`, import.meta.url).href;

export interface ListedTarget {
  readonly name: string;
  readonly module: string;
  /** Its name in the module. */
  readonly target: string;
  /** Of the time of a run, in hundredths. */
  readonly share: number;
}

export const TARGETS: readonly ListedTarget[] = [
  { name: 'parser', module: here('parser.js'), target: 'parserTarget', share: 30 },
  { name: 'connection', module: here('connection.js'), target: 'connectionTarget', share: 32 },
  { name: 'proxy', module: here('proxy.js'), target: 'proxyTarget', share: 3 },
  { name: 'events', module: here('events.js'), target: 'eventsTarget', share: 25 },
  { name: 'response', module: here('response.js'), target: 'responseTarget', share: 5 },
  { name: 'wire', module: here('wire.js'), target: 'wireTarget', share: 5 },
];
