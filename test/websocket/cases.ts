// What the Autobahn test suite asks of a server, case by case, by its numbers: sections 1 to 7 and 10 as they are, 9 (large and many
// messages) in its smaller forms, 12 and 13 (compression) a sample. Where it waits for a second, so that what it has sent has been
// seen, a ping is sent here and its pong awaited.

import { constants, deflateRawSync } from 'node:zlib';
import { close, frame } from '../support/websocket-frames.ts';
import { UTF8 } from './utf8-sequences.ts';

const [CONTINUATION, TEXT, BINARY, PING, PONG] = [0, 1, 2, 9, 10];

export type Step =
  | { readonly send: Buffer; readonly chop?: number }
  /** A ping, until its pong or the end. */
  | { readonly wait: 'pong' }
  /** Where no frame may stand between. */
  | { readonly wait: number };

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** The client waits for what its pings bring, and closes with 1000. False: it sends no more than the steps. */
  readonly closes: boolean;
  /** Sec-WebSocket-Extensions of the request. */
  readonly offer?: string;
}

function plays(name: string, ...frames: readonly Buffer[]): Case {
  return { name, steps: [{ send: Buffer.concat(frames) }], closes: true };
}

/** Each frame, or each `octets` bytes, in a segment of its own. */
function chopped(name: string, octets: number | 'frames', ...frames: readonly Buffer[]): Case {
  const steps =
    octets === 'frames'
      ? frames.map((send) => ({ send, chop: send.length }))
      : [{ send: Buffer.concat(frames), chop: octets }];
  return { name, steps, closes: true };
}

/** Without a word after it. */
function silent(name: string, ...frames: readonly Buffer[]): Case {
  return { ...plays(name, ...frames), closes: false };
}

const HELLO = 'Hello, world!';
const LENGTHS = [0, 125, 126, 127, 128, 65_535, 65_536];

function framing(): Case[] {
  const kinds: [string, number, string][] = [
    ['1.1', TEXT, '*'],
    ['1.2', BINARY, '\xfe'],
  ];
  return kinds.flatMap(([section, opcode, letter]) => [
    ...LENGTHS.map((length, index) =>
      plays(`${section}.${index + 1}`, frame(opcode, letter.repeat(length))),
    ),
    chopped(`${section}.8`, 997, frame(opcode, letter.repeat(65_536))),
  ]);
}

function pings(): Case[] {
  const ten = Array.from({ length: 10 }, (_, index) => frame(PING, `payload-${index}`));
  const unasked = frame(PONG, 'unsolicited pong payload');
  return [
    plays('2.1', frame(PING)),
    plays('2.2', frame(PING, HELLO)),
    plays('2.3', frame(PING, '\x00\xff\xfe\xfd\xfc\xfb\x00\xff')),
    plays('2.4', frame(PING, '\xfe'.repeat(125))),
    plays('2.5', frame(PING, '\xfe'.repeat(126))),
    chopped('2.6', 1, frame(PING, '\xfe'.repeat(125))),
    silent('2.7', frame(PONG), close(1000)),
    silent('2.8', unasked, close(1000)),
    plays('2.9', unasked, frame(PING, 'ping payload')),
    plays('2.10', ...ten),
    chopped('2.11', 1, ...ten),
  ];
}

function reserved(): Case[] {
  const text = frame(TEXT, HELLO);
  const ping = frame(PING);
  const before = (rsv: number): Buffer[] => [text, frame(TEXT, HELLO, { rsv }), ping];
  const cases = [
    plays('3.1', frame(TEXT, HELLO, { rsv: 1 })),
    plays('3.2', ...before(2)),
    chopped('3.3', 'frames', ...before(3)),
    chopped('3.4', 1, ...before(4)),
    plays('3.5', frame(BINARY, '\x00\xff\xfe\xfd\xfc\xfb\x00\xff', { rsv: 5 })),
    plays('3.6', frame(PING, HELLO, { rsv: 6 })),
    plays('3.7', frame(8, '', { rsv: 7 })),
  ];
  for (const [section, first] of [
    ['4.1', 3],
    ['4.2', 11],
  ] as const) {
    cases.push(
      plays(`${section}.1`, frame(first)),
      plays(`${section}.2`, frame(first + 1, 'reserved opcode payload')),
      plays(`${section}.3`, text, frame(first + 2), ping),
      plays(`${section}.4`, text, frame(first + 3, HELLO), ping),
      chopped(`${section}.5`, 1, text, frame(first + 4, HELLO), ping),
    );
  }
  return cases;
}

function fragments(): Case[] {
  const open = { fin: false };
  const two = [frame(TEXT, 'fragment1', open), frame(CONTINUATION, 'fragment2')];
  const withPing = [two[0], frame(PING, 'ping payload'), two[1]] as Buffer[];
  const lost = (fin: boolean): Buffer[] => [
    frame(CONTINUATION, 'non-continuation payload', { fin }),
    frame(TEXT, HELLO),
  ];
  const again = (fin: boolean): Buffer[] => {
    const once = [
      frame(CONTINUATION, 'fragment1', { fin }),
      frame(TEXT, 'fragment2', open),
      frame(CONTINUATION, 'fragment3'),
    ];
    return [...once, ...once];
  };
  const long = (chop: boolean): Step[] => {
    const parts = [
      frame(TEXT, 'fragment1', open),
      frame(CONTINUATION, 'fragment2', open),
      frame(PING, 'pongme 1!'),
      frame(CONTINUATION, 'fragment3', open),
      frame(CONTINUATION, 'fragment4', open),
      frame(PING, 'pongme 2!'),
      frame(CONTINUATION, 'fragment5'),
    ];
    const steps: Step[] = parts.map((send) => (chop ? { send, chop: send.length } : { send }));
    steps.splice(3, 0, { wait: 'pong' });
    return steps;
  };
  return [
    plays('5.1', frame(PING, 'fragment1', open), frame(CONTINUATION, 'fragment2')),
    plays('5.2', frame(PONG, 'fragment1', open), frame(CONTINUATION, 'fragment2')),
    plays('5.3', ...two),
    chopped('5.4', 'frames', ...two),
    chopped('5.5', 1, ...two),
    plays('5.6', ...withPing),
    chopped('5.7', 'frames', ...withPing),
    chopped('5.8', 1, ...withPing),
    plays('5.9', ...lost(true)),
    chopped('5.10', 'frames', ...lost(true)),
    chopped('5.11', 1, ...lost(true)),
    plays('5.12', ...lost(false)),
    chopped('5.13', 'frames', ...lost(false)),
    chopped('5.14', 1, ...lost(false)),
    plays('5.15', ...two, frame(CONTINUATION, 'fragment3', open), frame(TEXT, 'fragment4')),
    plays('5.16', ...again(false)),
    plays('5.17', ...again(true)),
    plays('5.18', frame(TEXT, 'fragment1', open), frame(TEXT, 'fragment2')),
    { name: '5.19', steps: long(false), closes: true },
    { name: '5.20', steps: long(true), closes: true },
  ];
}

/** A message in frames of so many bytes. */
function inFrames(opcode: number, payload: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const fin = at + size >= payload.length;
    parts.push(frame(at === 0 ? opcode : CONTINUATION, payload.subarray(at, at + size), { fin }));
  }
  return parts;
}

const GREEK = Buffer.from('κόσμε');
const EDITED = Buffer.from('edited');
const SURROGATE = Buffer.from([0xed, 0xa0, 0x80]);
const TOO_HIGH = Buffer.from([0xf4, 0x90, 0x80, 0x80]);

function utf8(): Case[] {
  const text = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
  const open = { fin: false };
  const broken = Buffer.concat([GREEK, SURROGATE, EDITED]);
  const high = Buffer.concat([GREEK, TOO_HIGH, EDITED]);
  const inTurn = (name: string, parts: readonly Buffer[]): Case => ({
    name,
    steps: parts.flatMap((part, index): Step[] => [
      {
        send: frame(index === 0 ? TEXT : CONTINUATION, part, { fin: index === parts.length - 1 }),
      },
      { wait: 'pong' },
    ]),
    closes: true,
  });
  // One frame, and its payload in three pieces with a pause between.
  const inPieces = (name: string, at: readonly [number, number]): Case => {
    const whole = frame(TEXT, high);
    const head = whole.length - high.length;
    const cuts = [0, head + at[0], head + at[1], whole.length];
    const steps = cuts.slice(1).flatMap((to, index): Step[] => {
      return [{ send: whole.subarray(cuts[index], to) }, { wait: 100 }];
    });
    return { name, steps, closes: true };
  };
  const cases = [
    plays('6.1.1', frame(TEXT)),
    plays('6.1.2', frame(TEXT, '', open), frame(CONTINUATION, '', open), frame(CONTINUATION)),
    plays(
      '6.1.3',
      ...[frame(TEXT, '', open), frame(CONTINUATION, 'middle frame payload', open)],
      frame(CONTINUATION),
    ),
    plays('6.2.1', frame(TEXT, text)),
    plays('6.2.2', ...inFrames(TEXT, text, 14)),
    plays('6.2.3', ...inFrames(TEXT, text, 1)),
    plays('6.2.4', ...inFrames(TEXT, GREEK, 1)),
    plays('6.3.1', frame(TEXT, broken)),
    plays('6.3.2', ...inFrames(TEXT, broken, 1)),
    inTurn('6.4.1', [GREEK, TOO_HIGH, EDITED]),
    inTurn('6.4.2', [high.subarray(0, 12), high.subarray(12, 13), high.subarray(13)]),
    inPieces('6.4.3', [GREEK.length, GREEK.length + TOO_HIGH.length]),
    inPieces('6.4.4', [12, 13]),
  ];
  for (const [section, sequences] of UTF8.entries()) {
    for (const [index, bytes] of sequences.entries()) {
      cases.push(plays(`6.${section + 5}.${index + 1}`, frame(TEXT, bytes)));
    }
  }
  return cases;
}

const VALID_CODES = [
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011],
  ...[3000, 3999, 4000, 4999],
];
const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

function closing(): Case[] {
  const text = frame(TEXT, 'Hello World!');
  const reason = Buffer.concat([GREEK, SURROGATE, EDITED]);
  const large = frame(TEXT, 'BAsd7&jh23'.repeat(26_215).slice(0, 262_144));
  return [
    plays('7.1.1', text),
    silent('7.1.2', close(1000), close()),
    silent('7.1.3', close(1000), frame(PING)),
    silent('7.1.4', close(1000), text),
    silent(
      '7.1.5',
      ...[frame(TEXT, 'fragment1', { fin: false }), close(1000)],
      frame(CONTINUATION, 'fragment2'),
    ),
    silent('7.1.6', large, text, close(1000), frame(PING)),
    silent('7.3.1', close()),
    silent('7.3.2', frame(8, 'a')),
    silent('7.3.3', close(1000)),
    silent('7.3.4', close(1000, 'Hello World!')),
    silent('7.3.5', close(1000, '*'.repeat(123))),
    silent('7.3.6', close(1000, '*'.repeat(124))),
    silent('7.5.1', close(1000, reason)),
    ...VALID_CODES.map((code, index) => silent(`7.7.${index + 1}`, close(code))),
    ...INVALID_CODES.map((code, index) => silent(`7.9.${index + 1}`, close(code))),
    silent('7.13.1', close(5000)),
    silent('7.13.2', close(65_535)),
  ];
}

const KIB = 1024;

/** In the suite up to 16 MiB each. */
function large(): Case[] {
  const kinds = [
    ['1', '3', '5', '7', TEXT],
    ['2', '4', '6', '8', BINARY],
  ] as const;
  return kinds.flatMap(([whole, inParts, inChops, many, opcode]) => {
    const bytes = (length: number): Buffer => Buffer.alloc(length, 'BAsd7&jh23');
    return [
      ...[64, 256, 1024].map((kib, index) =>
        plays(`9.${whole}.${index + 1}`, frame(opcode, bytes(kib * KIB))),
      ),
      ...[64, 256, 1024, 4096, 16_384, 65_536].map((size, index) =>
        plays(`9.${inParts}.${index + 1}`, ...inFrames(opcode, bytes(256 * KIB), size)),
      ),
      ...[64, 128, 256, 512, 1024, 2048].map((size, index) =>
        chopped(`9.${inChops}.${index + 1}`, size, frame(opcode, bytes(64 * KIB))),
      ),
      ...[0, 16, 64, 256, 1024, 4096].map((size, index) =>
        plays(`9.${many}.${index + 1}`, ...Array(100).fill(frame(opcode, bytes(size)))),
      ),
    ];
  });
}

/** A compressed message (RFC 7692, 7.2.1) that depends on none before it. */
function compressed(text: string): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return frame(TEXT, bytes.subarray(0, -4), { rsv: 4 });
}

function compression(): Case[] {
  const offers = [
    ['12.1', 'permessage-deflate'],
    ['12.2', 'permessage-deflate; client_no_context_takeover; server_no_context_takeover'],
    ['13.1', 'permessage-deflate; client_max_window_bits'],
    ['13.2', 'permessage-deflate; server_max_window_bits=9'],
    ['13.3', 'permessage-deflate; server_max_window_bits=15; server_no_context_takeover'],
  ] as const;
  return offers.flatMap(([section, offer]) =>
    [16, 64, 256, 1024, 4096, 16_384, 131_072].map((size, index) => {
      const messages = Array.from({ length: 10 }, (_, at) =>
        compressed(`{"n":${at},"of":"${'lorem ipsum '.repeat(size / 12 + 1).slice(0, size)}"}`),
      );
      return { ...plays(`${section}.${index + 1}`, ...messages), offer };
    }),
  );
}

export const SECTIONS: Readonly<Record<string, readonly Case[]>> = {
  '1 framing': framing(),
  '2 pings and pongs': pings(),
  '3 and 4 reserved bits and opcodes': reserved(),
  '5 fragmentation': fragments(),
  '6 UTF-8': utf8(),
  '7 closing': closing(),
  '9 limits': large(),
  '10 a message in many frames': [
    plays('10.1.1', ...inFrames(TEXT, Buffer.alloc(65_536, '*'), 1300)),
  ],
  '12 and 13 compression': compression(),
};
