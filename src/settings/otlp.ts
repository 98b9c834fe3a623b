// How people write where spans go and which share of requests has one.

/** What an endpoint must be. */
export const OTLP_ENDPOINT_RULE = 'http://HOST:PORT or https://HOST, of OTLP over HTTP';
export const SHARE_RULE = 'a number from 0 to 1, or a percentage such as 10%';

/** Neither; the message ends the sentence of the setting. */
export class OtlpError extends Error {}

/**
 * Where spans are sent.
 * @throws OtlpError
 */
export function tracesUrl(text: string): URL {
  if (!URL.canParse(text)) throw new OtlpError('it is no URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OtlpError('only OTLP over HTTP is spoken, which mostly listens at port 4318');
  }
  if (url.username !== '' || url.password !== '') {
    throw new OtlpError('what it asks for belongs in OTEL_EXPORTER_OTLP_HEADERS');
  }
  if (url.search !== '' || url.hash !== '') throw new OtlpError('it has a query or a fragment');
  if (!url.pathname.endsWith('/v1/traces')) {
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  }
  return url;
}

/** From 0 to 1; null when it is none. */
export function parseShare(text: string): number | null {
  const parts = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*$/.exec(text);
  if (parts === null) return null;
  const share = parts[2] === '%' ? Number(parts[1]) / 100 : Number(parts[1]);
  return share <= 1 ? share : null;
}
