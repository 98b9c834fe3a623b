// The keys of TLS session tickets: the same for every worker, after a reload and in a new arbiter, so that clients resume
// their sessions there. They follow from a secret of the arbiter and from what a session vouches for: with another private
// key, other authorities of clients or another rule for their certificates no session from before is resumed, because a
// resumed one is not checked again.

import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { Settings } from '../../settings/settings.ts';

export const TICKET_SECRET_BYTES = 32;
/** As OpenSSL wants them: a name, a key for encryption, one for its seal. */
const TICKET_KEYS_BYTES = 48;

/** Lives in memory, as long as one arbiter follows another (SIGUSR2). */
export function makeTicketSecret(): Buffer {
  return randomBytes(TICKET_SECRET_BYTES);
}

/** Base64. `key`, `ca`: PEM. */
export function ticketKeysFor(
  secret: Buffer,
  key: string,
  ca: string | null,
  certReqs: Settings['cert_reqs'],
): string {
  const vouchesFor = createHash('sha256')
    .update(JSON.stringify([key, ca, certReqs]))
    .digest();
  const keys = hkdfSync('sha256', secret, 'tunicorn tickets', vouchesFor, TICKET_KEYS_BYTES);
  return Buffer.from(keys).toString('base64');
}
