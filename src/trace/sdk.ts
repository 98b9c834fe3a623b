// OpenTelemetry's SDK, where somebody has installed it: beside this package, or where the application finds its own packages. Loaded
// by the thread that sends spans; the arbiter only looks whether it is there.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '../message-of.ts';
import { packageFolder } from '../package-folder.ts';

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-trace-otlp-proto',
] as const;

export interface Sdk {
  readonly api: typeof import('@opentelemetry/api');
  readonly resources: typeof import('@opentelemetry/resources');
  readonly trace: typeof import('@opentelemetry/sdk-trace');
  readonly exporter: typeof import('@opentelemetry/exporter-trace-otlp-proto');
}

/** @throws Error with a sentence that names what to install. `folder`: the application's */
export function findSdk(folder: string): readonly string[] {
  const places = [
    createRequire(new URL('package.json', packageFolder)),
    createRequire(join(folder, 'package.json')),
  ];
  return PACKAGES.map((name) => {
    for (const place of places) {
      try {
        return place.resolve(name);
      } catch {
        // Perhaps in the next one.
      }
    }
    throw new Error(
      `otlp_endpoint needs OpenTelemetry's SDK, and ${name} is not installed. On Node.js ${process.versions.node}: ${installLine()}`,
    );
  });
}

/** Later versions want a later Node.js. */
function installLine(): string {
  const isOld = Number(process.versions.node.split('.', 1)[0]) < 22;
  const versions = isOld ? ['@1.9.1', '@2.12.1', '@2.12.1', '@0.223.1'] : ['', '', '', ''];
  return `npm install ${PACKAGES.map((name, at) => name + versions[at]).join(' ')}`;
}

/** @throws Error with a sentence for people */
export function loadSdk(folder: string): Sdk {
  const paths = findSdk(folder);
  const load = createRequire(import.meta.url);
  try {
    const [api, resources, trace, exporter] = paths.map((path) => load(path) as unknown);
    return { api, resources, trace, exporter } as Sdk;
  } catch (error) {
    throw new Error(`OpenTelemetry's SDK cannot be loaded: ${messageOf(error)}`);
  }
}
