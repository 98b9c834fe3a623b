// What is let pass although strict HTTP/1.1 would refuse it. Each member loosens one rule and no other; all are strict
// unless the server was told otherwise. Which setting asks for which is not known here.

export interface Tolerance {
  /** Methods with small letters or `#`, of fewer than 3 or more than 20 characters: any token then. */
  readonly unconventionalMethods: boolean;
  /** Methods are turned into capitals. */
  readonly capitalMethods: boolean;
  /** Versions other than 1.x, read as HTTP/1.0 when below 1.0 and as HTTP/1.1 when above. */
  readonly unconventionalVersions: boolean;
  /** Blanks between a field name and its colon, which are taken off. */
  readonly blanksBeforeColon: boolean;
  /** Values that go on on a second line, joined by one blank. */
  readonly folding: boolean;
  /** Transfer-Encoding beside Content-Length, or in HTTP/1.0: chunked counts, and the connection closes after. */
  readonly dangerousFraming: boolean;
  /** Fields with an underscore in their name: WSGI cannot tell them from those with a dash. */
  readonly underscores: 'keep' | 'drop' | 'refuse';
  /** Expectations other than `100-continue`, which the application answers. */
  readonly expectations: boolean;
}

export const STRICT: Tolerance = {
  unconventionalMethods: false,
  capitalMethods: false,
  unconventionalVersions: false,
  blanksBeforeColon: false,
  folding: false,
  dangerousFraming: false,
  underscores: 'keep',
  expectations: false,
};
