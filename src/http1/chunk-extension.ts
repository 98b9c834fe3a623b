// The extensions of a chunk (RFC 9112, 7.1.1): nobody here understands any, so they are read over, but by their grammar.
// Where two readers disagree about where an extension ends, they disagree about what is body.

import { CR, isBlank, TOKEN, VALUE } from './octets.ts';

type Class = 'token' | 'blank' | ';' | '=' | '"' | '\\' | 'cr' | 'text';

type State =
  | 'before'
  | 'name begins'
  | 'name'
  | 'after name'
  | 'value begins'
  | 'value'
  | 'quoted'
  | 'quoted pair'
  | 'after quotes'
  | 'after value'
  | 'ended';

/** `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CR`; what is not here is wrong. */
const TABLE: { readonly [S in State]: { readonly [C in Class]?: State } } = {
  before: { blank: 'before', ';': 'name begins' },
  'name begins': { blank: 'name begins', token: 'name' },
  name: {
    token: 'name',
    blank: 'after name',
    '=': 'value begins',
    ';': 'name begins',
    cr: 'ended',
  },
  'after name': { blank: 'after name', '=': 'value begins', ';': 'name begins' },
  'value begins': { blank: 'value begins', token: 'value', '"': 'quoted' },
  value: { token: 'value', blank: 'after value', ';': 'name begins', cr: 'ended' },
  quoted: {
    ...{ token: 'quoted', blank: 'quoted', ';': 'quoted', '=': 'quoted', text: 'quoted' },
    ...{ '"': 'after quotes', '\\': 'quoted pair' },
  },
  'quoted pair': {
    ...{ token: 'quoted', blank: 'quoted', ';': 'quoted', '=': 'quoted', text: 'quoted' },
    ...{ '"': 'quoted', '\\': 'quoted' },
  },
  'after quotes': { blank: 'after value', ';': 'name begins', cr: 'ended' },
  'after value': { blank: 'after value', ';': 'name begins' },
  ended: {},
};

const CLASSES: readonly (Class | null)[] = Array.from({ length: 256 }, (_, byte) => classOf(byte));

function classOf(byte: number): Class | null {
  if (byte === CR) return 'cr';
  if (isBlank(byte)) return 'blank';
  if (TOKEN[byte] === 1) return 'token';
  const character = String.fromCharCode(byte);
  if (character === ';' || character === '=' || character === '"' || character === '\\') {
    return character;
  }
  return VALUE[byte] === 1 ? 'text' : null;
}

export class ChunkExtension {
  #state: State = 'before';

  /** Makes ready for the next chunk. */
  begin(): void {
    this.#state = 'before';
  }

  /** No semicolon has come yet: what was read are blanks after the size. */
  get isEmpty(): boolean {
    return this.#state === 'before';
  }

  /** CR has come at a place where extensions may end. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Takes one byte; false when it may not stand there. */
  take(byte: number): boolean {
    const kind = CLASSES[byte];
    const next = kind ? TABLE[this.#state][kind] : undefined;
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }
}
