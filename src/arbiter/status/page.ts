// The page that a browser shows: one file that `npm run build` has made of src/page, given as it is, with headers that let it do
// nothing but ask this address, and compressed for whoever takes that: many look through a slow line. What scripts and styles
// stand in it is allowed by their hashes, which are computed from the file.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { packageFolder } from '../../package-folder.ts';
import { Refusal } from '../control/refusal.ts';

export interface PageFile {
  readonly text: string;
  /** The same. */
  readonly gzipped: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const FILE = new URL('dist/page/index.html', packageFolder);

/** Nothing of these is wanted. */
const NO_FEATURES = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb'];

/** Rejects with a Refusal when it was not built. */
export async function readPage(file: URL = FILE): Promise<PageFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new Refusal(404, 'This installation has no page (dist/page). There is /metrics.');
  }
  return {
    text,
    gzipped: await promisify(gzip)(text),
    headers: {
      vary: 'accept-encoding',
      'content-security-policy': policyOf(text),
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': NO_FEATURES.map((feature) => `${feature}=()`).join(', '),
      'x-frame-options': 'DENY',
    },
  };
}

/** What the page may do, by what is in it. */
export function policyOf(html: string): string {
  const scripts = hashesOf(html, 'script');
  const styles = hashesOf(html, 'style');
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashesOf(html: string, tag: 'script' | 'style'): string {
  const blocks = html.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}>`, 'gi'));
  const hashes = [...blocks].map(([, content = '']) => {
    // As a browser reads it.
    const read = content.replace(/\r\n?/g, '\n');
    return `'sha256-${createHash('sha256').update(read).digest('base64')}'`;
  });
  return hashes.length === 0 ? "'none'" : [...new Set(hashes)].join(' ');
}
