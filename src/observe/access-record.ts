// What the access log is told about one exchange. The parts are objects that the connection has anyway, so that filling
// a record copies nothing, and what a format does not ask for is never looked at.

/** Milliseconds with fractions; null: the request did not come so far. One that was broken off counts until its end. */
export interface PhaseTimes {
  /** From the first byte of the head to the last. */
  readonly headMs: number | null;
  /** From there to the end of the body, streamed or gathered; 0 without one. */
  readonly bodyMs: number | null;
  /** From when it could be handed on until the application began it. */
  readonly queueMs: number | null;
  /** From there until the application, or the server in its place, had said everything. */
  readonly applicationMs: number | null;
  /** From there until the last byte had been handed to the kernel. */
  readonly writeMs: number | null;
}

export interface AccessRecord {
  readonly peer: {
    /** Without port; empty for a unix socket. */
    readonly address: string;
    readonly port: number;
    readonly serverName: string;
    readonly serverPort: number;
    readonly scheme: string;
    /** What a PROXY header said; absent without one. */
    readonly introduction?: {
      readonly protocol: string;
      readonly server: { readonly address: string; readonly port: number } | null;
    };
  };
  /** Strings with one latin-1 character for each byte, as received. */
  readonly head: {
    /** Empty, as the target: the client sent no request line that could be read. */
    readonly method: string;
    /** The request target as sent. */
    readonly target: string;
    /** The target up to "?", still percent-encoded. */
    readonly path: string;
    /** The target behind "?"; empty without. */
    readonly query: string;
    /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
    readonly minorVersion: number;
    /** Name, value, name, value in the order and spelling of the client. */
    readonly fields: readonly string[];
    /** What a proxy that is believed says; here only where the application's paths begin. */
    readonly forwarded?: { readonly scriptName: string | null } | null;
  };
  /** Code and reason: "200 OK". */
  readonly status: string;
  /** The application's field lines, "Name: value\r\n" each, in one string. */
  readonly replyFields: string;
  /** Body bytes sent, without head and framing. */
  readonly bodyBytes: number;
  /** From the complete request head (refused: from its first byte) to the last byte of the response, in milliseconds. */
  readonly durationMs: number;
  /** Who ended it and in which state; "--" when the response left whole. */
  readonly endCode: string;
  /** The code of the line in the error log that tells why; empty without one. */
  readonly failureCode: string;
  /** null: nobody asked for them in time (`AccessLog.asksForPhases`). */
  readonly phases: PhaseTimes | null;
  /** Which trace and span of OpenTelemetry it is; absent, or null: none. */
  readonly trace?: { readonly traceId: string; readonly spanId: string } | null;
  /** For `{name}e`, beside the variables that follow from the request; names in any case. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The value of a request field, name in lower case; of repeated ones the last, as Gunicorn; null without. */
export function requestField(fields: readonly string[], lowerName: string): string | null {
  for (let index = fields.length - 2; index >= 0; index -= 2) {
    const name = fields[index];
    if (name?.length === lowerName.length && name.toLowerCase() === lowerName) {
      return fields[index + 1] ?? null;
    }
  }
  return null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The user of Basic credentials (RFC 7617), read as UTF-8, as Gunicorn does; null without, and for what is none. */
export function basicUser(fields: readonly string[]): string | null {
  const authorization = requestField(fields, 'authorization');
  if (authorization === null) return null;
  const credentials = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization);
  const encoded = credentials?.[1];
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  if (colon <= 0) return null;
  try {
    return utf8.decode(bytes.subarray(0, colon));
  } catch {
    return null;
  }
}
