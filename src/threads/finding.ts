// Makes findings: see app-thread.ts.

import type { Finding, OverdueCase } from './app-thread.ts';

export function finding(name: OverdueCase, stack = ''): Finding {
  return { case: name, stack };
}
