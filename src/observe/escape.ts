// Keeps what a client sent from forging a log: nothing it sends can end a line, close a quotation or speak to the
// terminal of whoever reads. Gunicorn escapes the quotation mark alone, and the access log no more than is needed.

const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const everyNotPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const everyControl = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** What begins as a record of the error log does. */
const everyFalseStart = /\n(?=\[\d{4}-)/g;
/** More words than these say nothing that the first of them do not. */
const WORDS_MAX = 200;

function escapeOne(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.charCodeAt(0);
  if (code > 0xff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

/** For a value between quotation marks: printable ASCII stays, `"` and `\` get a backslash, other bytes become \xhh. */
export function escapeValue(value: string): string {
  return notPlain.test(value) ? value.replace(everyNotPlain, escapeOne) : value;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const notAsSent = /[\x00-\x1f"\x7f-\x9f]|\\$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const everyNotAsSent = /[\x00-\x1f"\x7f-\x9f]|\\+(?="|$)/g;

/**
 * For a value of the access log: as Gunicorn prints it, with a backslash before `"` and printable characters as they are, but
 * for controls, which become \xhh, and backslashes that would take the one before a `"` or the closing one for their own.
 */
export function escapeShown(value: string): string {
  if (!notAsSent.test(value)) return value;
  return value.replace(everyNotAsSent, (found) =>
    found.startsWith('\\') ? found + found : escapeOne(found),
  );
}

/** For somebody else's words within a sentence of one line, such as what an application's function threw: the first of them. */
export function escapeWords(words: string): string {
  return escapeValue(words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)}...` : words);
}

/**
 * For a message that may have several lines, such as a traceback: line ends and tabs stay, other controls become \xhh. A line that would
 * pass for a record of its own is moved in by a blank: an exception may hold what a client sent.
 */
export function escapeMessage(message: string): string {
  return message.replace(everyControl, escapeOne).replace(everyFalseStart, '\n ');
}
