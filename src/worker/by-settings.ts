// The parts of a worker that follow from its settings alone, each made in one call.

import { stat } from 'node:fs';
import { type TlsTerms, tlsTermsOf } from '../connection/edge/tls.ts';
import type { Log } from '../observe/log.ts';
import { nodeCiphers } from '../settings/ciphers.ts';
import type { Settings } from '../settings/settings.ts';
import type { TlsMaterial } from '../wire/arbiter-worker.ts';
import { Health, type HealthOptions } from './health.ts';
import { PoolWatch } from './pool-watch.ts';

export function makeTlsTerms(tls: TlsMaterial | null, settings: Settings): TlsTerms | null {
  if (tls === null) return null;
  return tlsTermsOf({
    ...tls,
    ticketKeys: Buffer.from(tls.ticketKeys, 'base64'),
    ciphers: settings.ciphers === null ? null : nodeCiphers(settings.ciphers),
    minVersion: `TLSv${settings.ssl_min_version}`,
    clients: settings.cert_reqs,
  });
}

export function makePoolWatch(settings: Settings, replaceMe: (reason: string) => void): PoolWatch {
  return new PoolWatch({
    // As for a thread whose loop stands still.
    limitMs: (settings.timeout || settings.stream_timeout) * 1000,
    ask: (answered) => stat('/', answered),
    replaceMe,
  });
}

export function makeHealth(
  settings: Settings,
  pool: HealthOptions['pool'],
  log: Log,
): Health | null {
  const { health_path: healthPath, ready_path: readyPath } = settings;
  const queueMs = settings.queue_timeout * 1000;
  return healthPath === null ? null : new Health({ healthPath, readyPath, queueMs, pool, log });
}
