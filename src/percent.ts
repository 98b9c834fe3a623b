// The percent-encoding of a path undone, as WSGI's PATH_INFO has it: one latin-1 character for each byte (PEP 3333,
// "Unicode Issues"). For the applications and for the log, which must not read a path in two ways.

/**
 * `path` with each %XX turned into the byte it stands for. What is no %XX stays as it is, as
 * urllib.parse.unquote_to_bytes leaves it. Linear in the length of `path`.
 */
export function percentDecoded(path: string): string {
  const first = path.indexOf('%');
  if (first === -1) return path;
  const bytes = Buffer.allocUnsafe(path.length);
  let length = bytes.write(path.slice(0, first), 'latin1');
  for (let i = first; i < path.length; i++) {
    const code = path.charCodeAt(i);
    const value =
      code === PERCENT
        ? hexDigit(path.charCodeAt(i + 1)) * 16 + hexDigit(path.charCodeAt(i + 2))
        : -1;
    if (value >= 0) i += 2;
    bytes[length++] = value >= 0 ? value : code;
  }
  return bytes.toString('latin1', 0, length);
}

const PERCENT = 0x25;

/** 0 to 15; far below zero for what is no hexadecimal digit (NaN past the end included). */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1000;
}
