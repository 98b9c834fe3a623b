// Log lines to syslog, as Python's SysLogHandler sends them and therefore Gunicorn does: "<priority>tag: [pid] text" and a
// NUL; a datagram each over UDP or a unix socket, one after the other over TCP. Never waits for syslog.

import net from 'node:net';
import { monotonicMs } from '../clock.ts';
import type { SyslogTarget } from '../settings/syslog.ts';
import { Losses } from './losses.ts';
import { UdpDatagrams } from './udp-datagrams.ts';
import { UnixDatagrams } from './unix-datagram.ts';

/** RFC 5424, 6.2.1, by the names that Gunicorn takes for `syslog_facility`. */
const FACILITIES: { readonly [F in SyslogTarget['facility']]: number } = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  security: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

/** RFC 5424, 6.2.1, by the level of a line. */
const SEVERITIES = { debug: 7, info: 6, warning: 4, error: 3, critical: 2 } as const;

export type Severity = keyof typeof SEVERITIES;

interface Sender {
  readonly losses: Losses;
  send(text: string): void;
  close(): void;
}

/** More than this waiting for a syslog that does not read is dropped. */
const WAITING_BYTES = 1024 * 1024;
/** How soon a connection that was lost is tried again. */
const RETRY_MS = 1000;

export class Syslog {
  readonly #facility: number;
  readonly #tag: string;
  readonly #sender: Sender;

  constructor({ address, facility, tag, python }: SyslogTarget, log: 'error' | 'access') {
    this.#facility = FACILITIES[facility] * 8;
    this.#tag = `${tag}.${log}: [${process.pid}] `;
    if (address.kind === 'unix') this.#sender = new UnixDatagrams(address.path, python);
    else if (address.kind === 'udp') this.#sender = overUdp(address.host, address.port);
    else this.#sender = new TcpSender(address.host, address.port);
  }

  get losses(): Losses {
    return this.#sender.losses;
  }

  /** One record; it may have several lines. */
  write(severity: Severity, text: string): void {
    this.#sender.send(`<${this.#facility + SEVERITIES[severity]}>${this.#tag}${text}\0`);
  }

  close(): void {
    this.#sender.close();
  }
}

function overUdp(host: string, port: number): UdpDatagrams {
  return new UdpDatagrams(host, port, `Cannot send to syslog at udp://${host}:${port}`);
}

class TcpSender implements Sender {
  readonly losses: Losses;
  readonly #target: net.TcpNetConnectOpts;
  #socket: net.Socket | null = null;
  #closed = false;
  #nextTryMs = Number.NEGATIVE_INFINITY;

  constructor(host: string, port: number) {
    this.#target = { host, port };
    this.losses = new Losses(`Cannot send to syslog at tcp://${host}:${port}`);
  }

  send(text: string): void {
    if (this.#socket === null) this.#connect();
    if (this.#socket === null) this.losses.lose('there is no connection');
    else if (this.#socket.writableLength > WAITING_BYTES) this.losses.lose('it does not read');
    else this.#socket.write(text);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.end();
  }

  #connect(): void {
    if (this.#closed || monotonicMs() < this.#nextTryMs) return;
    this.#nextTryMs = monotonicMs() + RETRY_MS;
    const socket = net.connect(this.#target);
    socket.unref();
    socket.on('error', (error) => this.losses.trouble(error.message));
    socket.on('connect', () => this.losses.recovered());
    socket.on('drain', () => this.losses.recovered());
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
    });
    this.#socket = socket;
  }
}
