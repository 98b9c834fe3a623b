// How people write a rate of requests: `100/s`, `5/m:10`. The number behind the colon is the burst: so many may come at once,
// by default as many as the rate allows in its unit of time. Read into what a token bucket is made of.

export interface LimitRate {
  readonly requests: number;
  /** In which `requests` come back, one after another. */
  readonly perMs: number;
  /** At most so many at once. */
  readonly burst: number;
}

/** No rate; the message ends the sentence of the setting: "it must begin with a whole number of requests". */
export class LimitRateError extends Error {}

/** What a setting of a rate must be. */
export const LIMIT_RATE_RULE =
  'a number of requests for each s, m, h or d, such as 100/s or 5/m:10';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
/** More is no limit of a client, and what counts stays exact below it. */
const REQUESTS_MAX = 1_000_000;

/** @throws LimitRateError */
export function parseLimitRate(text: string): LimitRate {
  const [rate = '', burst, ...more] = text.trim().split(':');
  const [number = '', unit = '', ...further] = rate.split('/');
  const perMs = UNITS.get(unit);
  if (further.length > 0 || perMs === undefined) {
    throw new LimitRateError('a rate ends with /s, /m, /h or /d, before the burst if there is one');
  }
  if (more.length > 0) throw new LimitRateError('only one burst may follow, behind one colon');
  const requests = countOf(number, 'what stands before the /');
  return {
    requests,
    perMs,
    burst: burst === undefined ? requests : countOf(burst, 'the burst behind the colon'),
  };
}

function countOf(text: string, what: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > REQUESTS_MAX) {
    throw new LimitRateError(`${what} must be a whole number from 1 to ${REQUESTS_MAX}`);
  }
  return count;
}

/** As it is written, the burst only where it is not the one that follows from the rate. */
export function limitRateText({ requests, perMs, burst }: LimitRate): string {
  const unit = [...UNITS].find(([, ms]) => ms === perMs)?.[0] ?? 's';
  return `${requests}/${unit}${burst === requests ? '' : `:${burst}`}`;
}
