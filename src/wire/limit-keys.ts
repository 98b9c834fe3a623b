// What a worker and the thread that runs the key functions of a config file say to each other. Shapes only.

/** What the thread is started with. */
export interface KeyThreadData {
  /** The config file, absolute. */
  readonly file: string;
}

/** The functions of these requests. */
export interface KeyQuestion {
  readonly id: number;
  /** The function's place in `limits`. */
  readonly place: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Name, value, name, value, as sent. */
  readonly fields: readonly string[];
  readonly address: string;
}

export interface KeyAnswer {
  readonly id: number;
  /** null: the address. */
  readonly key: string | null;
  /** Why there is none; null when that is what the function said. */
  readonly error: string | null;
}

export type ToKeyThread =
  | { readonly questions: readonly KeyQuestion[] }
  /** Answered as soon as the thread's loop turns, whatever its functions wait for. */
  | { readonly ping: true };

export type FromKeyThread =
  | { readonly ready: true }
  /** The file cannot be loaded, or has no function there. */
  | { readonly failed: string }
  | { readonly answers: readonly KeyAnswer[] }
  | { readonly pong: true };
