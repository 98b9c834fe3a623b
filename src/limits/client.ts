// What a client is known by: its IPv4 address, or the network of its IPv6 address, because one customer has as many addresses of
// a network as it likes. Limits count by it, and whoever waits takes turns by it. Pure.

/** ::ffff:0:0/96, in groups. */
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

/**
 * @param address as the kernel or a trusted proxy tells it; empty for a unix socket
 * @param ipv6Prefix bits of an IPv6 address that make a client
 */
export function clientOf(address: string, ipv6Prefix: number): string {
  if (!address.includes(':')) return address;
  const groups = ipv6Groups(address);
  if (groups === null) return address;
  return ipv4In(groups) ?? networkText(groups, ipv6Prefix);
}

/** The eight groups; null for what is no IPv6 address. A zone (`%eth0`) is passed over. */
export function ipv6Groups(address: string): number[] | null {
  const zone = address.indexOf('%');
  const [before = '', after, ...more] = (zone < 0 ? address : address.slice(0, zone)).split('::');
  if (more.length > 0) return null;
  const first = groupsOf(before);
  const last = after === undefined ? [] : groupsOf(after);
  if (first === null || last === null) return null;
  const missing = 8 - first.length - last.length;
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  return [...first, ...new Array<number>(missing).fill(0), ...last];
}

function groupsOf(text: string): number[] | null {
  const groups: number[] = [];
  if (text === '') return groups;
  for (const part of text.split(':')) {
    const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number);
    if (parts !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = parts;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

/** The IPv4 address that an IPv6 socket writes as ::ffff:10.0.0.1; null for every other. */
export function ipv4In(groups: readonly number[]): string | null {
  if (!MAPPED.every((group, index) => groups[index] === group)) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** "2001:db8:0:1::/64" */
function networkText(groups: readonly number[], prefix: number): string {
  const whole = Math.ceil(prefix / 16);
  const rest = whole * 16 - prefix;
  const kept = groups.slice(0, whole);
  kept[whole - 1] = ((kept[whole - 1] ?? 0) >> rest) << rest;
  const text = kept.map((group) => group.toString(16)).join(':');
  return prefix === 128 ? text : `${text}${whole < 8 ? '::' : ''}/${prefix}`;
}
