// What it takes for one class to pass for another: its name, its statics, and instanceof both ways.

type Class = abstract new (...args: never[]) => object;

/** Instances of `native` count as instances of `standIn`; of classes that extend it only their own do. */
export function standInFor(standIn: Class, native: Class): void {
  Object.defineProperty(standIn, 'name', { value: native.name });
  Object.defineProperty(standIn, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this === standIn) return value instanceof native;
      return Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
  if (Object.getPrototypeOf(standIn) !== native) {
    Object.setPrototypeOf(standIn, native);
    Object.setPrototypeOf(standIn.prototype, native.prototype);
  }
}
