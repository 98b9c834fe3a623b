// Those who visit the shop of the screenshots, each with an address of its own: some who look around, some who are slow in every way
// that there is, one who asks far too often, and one who waits for a report that hangs.

import net from 'node:net';

const BETWEEN_MS = { least: 40, most: 900 };

export class Customers {
  #port;
  #open = new Set();
  #isOver = false;

  constructor(port) {
    this.#port = port;
  }

  leave() {
    this.#isOver = true;
    for (const socket of this.#open) socket.destroy();
  }

  /** Looks around for as long as the shop is open, with a pause after each page. */
  lookAround(address) {
    const socket = this.#connect();
    const ask = () => {
      if (!this.#isOver) socket.write(head('GET', `/products/${whole(1, 400)}`, address));
    };
    socket.on('connect', ask);
    socket.on('data', () => setTimeout(ask, whole(BETWEEN_MS.least, BETWEEN_MS.most)));
    // What idles for too long is closed; a customer comes again.
    socket.on('close', () => this.#isOver || this.lookAround(address));
  }

  /** Asks once, and waits for as long as it takes. */
  ask(path, address) {
    const socket = this.#connect();
    socket.write(head('GET', path, address));
    socket.resume();
  }

  /** Asks so often that a limit refuses most of it. */
  flood(address) {
    const socket = this.#connect();
    const ask = () => this.#isOver || socket.write(head('GET', '/products/1', address));
    socket.on('connect', ask);
    socket.on('data', () => setTimeout(ask, 25));
    socket.on('close', () => this.#isOver || this.flood(address));
  }

  /** Sends a body piece by piece. */
  upload(address) {
    const socket = this.#connect();
    socket.write(head('POST', '/imports', address, 'Content-Length: 400000\r\n'));
    const timer = setInterval(() => socket.write(Buffer.alloc(2000)), 250);
    socket.on('close', () => clearInterval(timer));
    socket.resume();
  }

  /** Reads next to nothing of a large answer. */
  download(address) {
    const socket = this.#connect();
    socket.write(head('GET', '/catalogue.pdf', address));
  }

  /** Has not said all of its head. */
  stammer(address) {
    const socket = this.#connect();
    socket.write(head('GET', '/', address).slice(0, -4));
    socket.resume();
  }

  /** Says nothing. */
  beSilent() {
    this.#connect().resume();
  }

  #connect() {
    const socket = net.connect(this.#port, '127.0.0.1');
    this.#open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#open.delete(socket));
    return socket;
  }
}

function head(method, path, address, more = '') {
  return `${method} ${path} HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: ${address}\r\n${more}\r\n`;
}

function whole(least, most) {
  return least + Math.floor(Math.random() * (most - least));
}
