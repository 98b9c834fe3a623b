// What can be seen of a worker's requests, connections and threads at one moment. Plain data that is fit for JSON.

export interface RequestLook {
  readonly method: string;
  /** Without the query, which may hold a secret. */
  readonly path: string;
  readonly client: string;
  /** Since it was handed on. */
  readonly ageMs: number;
  /** Since the application began it; null: it has not. */
  readonly ranMs: number | null;
}

export interface ConnectionLook {
  readonly client: string;
  /** As docs/states.md has it. */
  readonly state: string;
  readonly waitsFor: string;
  readonly ageMs: number;
  /** What ends the wait: the setting, or null for a moment that no setting has; null: the application was given its own time. */
  readonly deadline: { readonly setting: string | null; readonly inMs: number } | null;
  readonly request: RequestLook | null;
  readonly thread: string | null;
}

export interface ThreadLook {
  readonly name: string;
  readonly state: string;
  /** Requests that it has, and how many it can run at once. */
  readonly load: number;
  readonly places: number;
  readonly requests: readonly RequestLook[];
}
