// A list from which anything can leave at once, wherever it stands: who waits may go at any moment, and a queue that is long
// must not be walked for it. Whatever stands in lists owns a link for each of them.

export class Link<T> {
  readonly value: T;
  /** The list it stands in; null: none. Written by Chain alone, as the two below. */
  chain: Chain<T> | null = null;
  before: Link<T> | null = null;
  after: Link<T> | null = null;

  constructor(value: T) {
    this.value = value;
  }
}

export class Chain<T> {
  #first: Link<T> | null = null;
  #last: Link<T> | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | null {
    return this.#first === null ? null : this.#first.value;
  }

  get last(): T | null {
    return this.#last === null ? null : this.#last.value;
  }

  /** To the end; it stands in no list. */
  push(link: Link<T>): void {
    link.chain = this;
    link.before = this.#last;
    if (this.#last === null) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
    this.#length += 1;
  }

  /** To the front; it stands in no list. */
  unshift(link: Link<T>): void {
    link.chain = this;
    link.after = this.#first;
    if (this.#first === null) this.#last = link;
    else this.#first.before = link;
    this.#first = link;
    this.#length += 1;
  }

  remove(link: Link<T>): void {
    if (link.chain !== this) throw new Error('it stands in another list, or in none');
    if (link.before === null) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === null) this.#last = link.before;
    else link.after.before = link.before;
    link.chain = null;
    link.before = null;
    link.after = null;
    this.#length -= 1;
  }
}
