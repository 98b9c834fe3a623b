// Field names that come with nearly every request, kept as one string each. A name found here is not cut out of the
// head again, and whoever looks it up in a table later (environ keys, lower-case names) finds its hash already known.

const COMMON = `Accept Accept-Charset Accept-Encoding Accept-Language Authorization Cache-Control Connection
  Content-Disposition Content-Encoding Content-Length Content-Type Cookie DNT Date Expect Forwarded Host
  If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Origin Pragma Priority Range
  Referer Save-Data Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site
  Sec-Fetch-User Sec-GPC Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Version TE Trailer
  Transfer-Encoding Upgrade Upgrade-Insecure-Requests User-Agent Via X-Forwarded-For X-Forwarded-Host
  X-Forwarded-Port X-Forwarded-Prefix X-Forwarded-Proto X-Forwarded-Server X-Real-IP X-Request-ID
  X-Request-Start X-Requested-With Traceparent Tracestate`;

// 2,048 slots for about 180 spellings: few collide, and one that does is only cut out again each time.
const SLOTS = 2048;
const slots: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

for (const name of COMMON.split(/\s+/)) {
  // Clients write names in capitals, proxies that speak HTTP/2 in front write them small, and some as sec-ch-ua.
  for (const spelling of [name, name.toLowerCase()]) {
    slots[slotOf(spelling, 0, spelling.length)] ??= spelling;
  }
}

/** The field name at `start` to `end` of `text`. */
export function nameAt(text: string, start: number, end: number): string {
  const known = slots[slotOf(text, start, end)];
  if (known !== undefined && known.length === end - start && text.startsWith(known, start)) {
    return known;
  }
  return text.slice(start, end);
}

/** Length, first, last and a middle character tell the common names apart. */
function slotOf(text: string, start: number, end: number): number {
  const length = end - start;
  const middle = text.charCodeAt(start + (length >> 1));
  const mixed = text.charCodeAt(start) * 5 + text.charCodeAt(end - 1) * 33 + middle * 131;
  return (mixed + length * 517) & (SLOTS - 1);
}
