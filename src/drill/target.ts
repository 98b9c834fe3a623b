// Where load may be sent: a port of 127.0.0.1 or a unix socket, and nowhere else. All clients of this folder connect
// through here.

import net from 'node:net';
import tls from 'node:tls';

export interface Target {
  /** A port of 127.0.0.1, or the path of a unix socket. */
  readonly at: number | string;
  /** The address of this machine that a client of a port comes from, of 127.0.0.0/8; 127.0.0.1 without. */
  readonly from?: string;
  /** Speak TLS; the certificate is not looked at. */
  readonly tls?: boolean;
}

/** A plain connection; what a TLS client does with it later is its own affair. */
export function connectPlain(target: Target): net.Socket {
  const { at, from } = target;
  const socket =
    typeof at === 'string'
      ? net.connect({ path: at })
      : net.connect({ host: '127.0.0.1', port: at, ...(from && { localAddress: from }) });
  socket.setNoDelay(true);
  return socket;
}

/** A connection that emits `connect`, or for TLS `secureConnect`, when requests may be sent. */
export function connect(target: Target): net.Socket {
  const plain = connectPlain(target);
  return target.tls === true ? tls.connect({ socket: plain, rejectUnauthorized: false }) : plain;
}

/** The event that says that requests may be sent. */
export function readyEvent(target: Target): 'connect' | 'secureConnect' {
  return target.tls === true ? 'secureConnect' : 'connect';
}

export function requestFor(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tunicorn-drill\r\n\r\n`;
}
