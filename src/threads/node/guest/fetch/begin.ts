// placeholder
import type { Begin } from '../channel.ts';
import type { Fetch } from '../load-app.ts';
export function fetchBegin(_f: Fetch): Begin {
  return () => {};
}
export function installWebClasses(): void {}
