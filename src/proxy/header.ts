// The PROXY header by which a proxy below HTTP says, first of all on a connection, whose it is: version 1, a line of text,
// and version 2, binary (haproxy.org, proxy-protocol.txt). It may come in any pieces. At most 107 bytes of it are ever kept:
// what follows the addresses in version 2 (TLVs) is counted and passed over. Whether it is one is decided at the first
// byte that fits neither, and whether its sender may send one as soon as it is known to be one.

import { isIP, SocketAddress } from 'node:net';

/** Which versions are understood; what begins as another one is taken for the client's own first bytes. */
export interface ProxyVersions {
  readonly v1: boolean;
  readonly v2: boolean;
}

export interface ProxyEnd {
  readonly address: string;
  readonly port: number;
}

export interface ProxyHeader {
  /** TCP4, TCP6; where no address is told: UNKNOWN (version 1), LOCAL, UNSPEC or UNIX. */
  readonly protocol: string;
  /** Null: it is the proxy's own connection (a health check), or one whose client has no address. */
  readonly client: ProxyEnd | null;
  /** Where the client connected to. */
  readonly server: ProxyEnd | null;
}

export type ProxyErrorCode = 'bad-proxy-header' | 'proxy-not-allowed';

export type ProxyOutcome =
  | { readonly kind: 'header'; readonly header: ProxyHeader }
  /** There is none. `held`: bytes of earlier pieces that belong to the client's own first bytes. */
  | { readonly kind: 'none'; readonly held: Buffer }
  | { readonly kind: 'error'; readonly code: ProxyErrorCode; readonly detail: string };

const V1_PREFIX = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** proxy-protocol.txt, 2.1: the longest line with its CR LF. */
const V1_BYTES = 107;
/** Signature, version and command, family and protocol, length. */
const V2_FIXED_BYTES = 16;

const NO_ADDRESS = { client: null, server: null } as const;

type Step = 'prefix' | 'line' | 'fixed' | 'addresses' | 'rest';

export class ProxyHeaderReader {
  readonly #allowed: boolean;
  readonly #held = Buffer.allocUnsafe(V1_BYTES);
  #length = 0;
  #step: Step = 'prefix';
  #mayBeV1: boolean;
  #mayBeV2: boolean;
  /** Of version 2: how far the addresses go, and how many bytes follow them. */
  #addressesEnd = 0;
  #restBytes = 0;
  #protocol = '';
  #outcome: ProxyOutcome | null = null;

  /** @param allowed its sender may send one */
  constructor(versions: ProxyVersions, allowed: boolean) {
    this.#allowed = allowed;
    this.#mayBeV1 = versions.v1;
    this.#mayBeV2 = versions.v2;
  }

  /** Null while more is needed. */
  get outcome(): ProxyOutcome | null {
    return this.#outcome;
  }

  /**
   * Reads from bytes[from] on and returns the offset after what was used: the first byte behind the header, the first
   * byte that shows that there is none, the end of `bytes` while more is needed.
   */
  read(bytes: Buffer, from: number): number {
    let i = from;
    while (i < bytes.length && this.#outcome === null) {
      if (this.#step === 'rest') i = this.#passOver(bytes, i);
      else if (this.#step === 'prefix' && !this.#fits(bytes[i] as number)) this.#none();
      else {
        this.#held[this.#length++] = bytes[i++] as number;
        this.#judge();
      }
    }
    return i;
  }

  #fits(byte: number): boolean {
    this.#mayBeV1 &&= byte === V1_PREFIX[this.#length];
    this.#mayBeV2 &&= byte === V2_SIGNATURE[this.#length];
    return this.#mayBeV1 || this.#mayBeV2;
  }

  #none(): void {
    this.#outcome = { kind: 'none', held: this.#held.subarray(0, this.#length) };
  }

  #error(detail: string): void {
    this.#outcome = { kind: 'error', code: 'bad-proxy-header', detail };
  }

  #tells(header: ProxyHeader): void {
    this.#outcome = { kind: 'header', header };
  }

  /** A byte more is held. */
  #judge(): void {
    switch (this.#step) {
      case 'prefix':
        if (this.#mayBeV1 && this.#length === V1_PREFIX.length) this.#begin('line');
        else if (this.#mayBeV2 && this.#length === V2_SIGNATURE.length) this.#begin('fixed');
        break;
      case 'line':
        if (this.#held[this.#length - 1] === 0x0a) this.#readLine();
        else if (this.#length === V1_BYTES) this.#error('its line has no end within 107 bytes');
        break;
      case 'fixed':
        if (this.#length === V2_FIXED_BYTES) this.#readFixed();
        break;
      case 'addresses':
        if (this.#length === this.#addressesEnd) this.#step = 'rest';
        this.#endIfComplete();
        break;
    }
  }

  /** It is a PROXY header, and nothing else any more. */
  #begin(step: 'line' | 'fixed'): void {
    this.#step = step;
    if (this.#allowed) return;
    const detail = 'it may send no PROXY header (proxy_allow_ips)';
    this.#outcome = { kind: 'error', code: 'proxy-not-allowed', detail };
  }

  // Version 1.

  #readLine(): void {
    const line = this.#held.toString('latin1', 0, this.#length - 1);
    if (!line.endsWith('\r')) {
      this.#error('its line does not end with CR LF');
      return;
    }
    const parts = line.slice(V1_PREFIX.length, -1).split(' ');
    // The receiver must ignore whatever stands behind it.
    if (parts[0] === 'UNKNOWN') this.#tells({ protocol: 'UNKNOWN', ...NO_ADDRESS });
    else this.#readParts(parts);
  }

  #readParts(parts: readonly string[]): void {
    const [protocol = '', client = '', server = '', clientPort = '', serverPort = ''] = parts;
    const family = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 6 : 0;
    const addresses = [client, server];
    const ports = [clientPort, serverPort];
    if (family === 0) this.#error('its protocol is none of TCP4, TCP6 and UNKNOWN');
    else if (parts.length !== 5) this.#error('its line has not six parts');
    else if (!addresses.every((one) => isIP(one) === family && !one.includes('%'))) {
      this.#error(`its addresses are none of ${protocol}`);
    } else if (
      !ports.every((port) => /^(?:0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65_535)
    ) {
      this.#error('its ports are no numbers from 0 to 65535');
    } else {
      this.#tells({
        protocol,
        client: { address: client, port: Number(clientPort) },
        server: { address: server, port: Number(serverPort) },
      });
    }
  }

  // Version 2.

  #readFixed(): void {
    const version = (this.#held[12] as number) >> 4;
    const command = (this.#held[12] as number) & 15;
    const family = (this.#held[13] as number) >> 4;
    const transport = (this.#held[13] as number) & 15;
    const length = this.#held.readUInt16BE(14);
    if (version !== 2) this.#error(`its version is ${version}`);
    else if (command > 1) this.#error(`its command is ${command}`);
    else if (command === 0) this.#expect('LOCAL', 0, length);
    else if (family === 0 && transport <= 1) this.#expect('UNSPEC', 0, length);
    else if (transport !== 1) this.#error(`its transport is ${transport} and not TCP`);
    else if (family === 1) this.#expect('TCP4', 12, length);
    else if (family === 2) this.#expect('TCP6', 36, length);
    else if (family === 3) this.#expect('UNIX', 0, length);
    else this.#error(`its address family is ${family}`);
  }

  /** @param addressBytes of the `length` bytes that follow */
  #expect(protocol: string, addressBytes: number, length: number): void {
    if (length < addressBytes) {
      this.#error(`it has ${length} bytes of addresses for ${protocol}`);
      return;
    }
    this.#protocol = protocol;
    this.#addressesEnd = V2_FIXED_BYTES + addressBytes;
    this.#restBytes = length - addressBytes;
    this.#step = addressBytes === 0 ? 'rest' : 'addresses';
    this.#endIfComplete();
  }

  #passOver(bytes: Buffer, from: number): number {
    const passed = Math.min(this.#restBytes, bytes.length - from);
    this.#restBytes -= passed;
    this.#endIfComplete();
    return from + passed;
  }

  #endIfComplete(): void {
    if (this.#step !== 'rest' || this.#restBytes > 0) return;
    const protocol = this.#protocol;
    const width = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 16 : 0;
    if (width === 0) {
      this.#tells({ protocol, ...NO_ADDRESS });
      return;
    }
    const end = (n: 0 | 1): ProxyEnd => ({
      address: addressOf(this.#held, V2_FIXED_BYTES + n * width, width),
      port: this.#held.readUInt16BE(V2_FIXED_BYTES + 2 * width + n * 2),
    });
    this.#tells({ protocol, client: end(0), server: end(1) });
  }
}

/** As the kernel writes addresses (inet_ntop). */
function addressOf(bytes: Buffer, at: number, width: 4 | 16): string {
  if (width === 4) return bytes.subarray(at, at + 4).join('.');
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(at + n * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
