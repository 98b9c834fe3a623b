// PROXY headers as proxies write them, for clients that play one.

import { isIP } from 'node:net';

export interface Addresses {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
}

export const ADDRESSES: Addresses = {
  client: '192.0.2.7',
  clientPort: 4711,
  server: '198.51.100.1',
  serverPort: 443,
};

export const ADDRESSES_6: Addresses = {
  client: '2001:db8::7',
  clientPort: 4711,
  server: '2001:db8::1',
  serverPort: 443,
};

export function version1({ client, clientPort, server, serverPort }: Addresses): Buffer {
  const protocol = isIP(client) === 6 ? 'TCP6' : 'TCP4';
  return Buffer.from(`PROXY ${protocol} ${client} ${server} ${clientPort} ${serverPort}\r\n`);
}

export interface Version2 {
  /** Version and command: 0x21 is PROXY, 0x20 LOCAL. */
  readonly command?: number;
  /** Family and transport: 0x11 is TCP over IPv4, 0x21 over IPv6. */
  readonly family?: number;
  /** What stands behind the addresses. */
  readonly rest?: Buffer;
}

export function version2(addresses: Addresses | null, more: Version2 = {}): Buffer {
  const isV6 = addresses !== null && isIP(addresses.client) === 6;
  const { command = 0x21, rest = Buffer.alloc(0) } = more;
  const family = more.family ?? (addresses === null ? 0 : isV6 ? 0x21 : 0x11);
  const told = addresses === null ? Buffer.alloc(0) : addressBytes(addresses);
  const fixed = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0', 'latin1');
  fixed[12] = command;
  fixed[13] = family;
  fixed.writeUInt16BE(told.length + rest.length, 14);
  return Buffer.concat([fixed, told, rest]);
}

function addressBytes({ client, clientPort, server, serverPort }: Addresses): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(clientPort, 0);
  ports.writeUInt16BE(serverPort, 2);
  return Buffer.concat([bytesOf(client), bytesOf(server), ports]);
}

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [before = '', after = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(before), groups(after)];
  const zeros = new Array<string>(8 - first.length - last.length).fill('0');
  const all = [...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(all, 'hex');
}
