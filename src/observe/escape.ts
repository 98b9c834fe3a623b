// Keeps what a client sent from forging a log: nothing it sends can end a line, close a quotation or speak to the
// terminal of whoever reads. Gunicorn escapes the quotation mark alone.

const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const everyNotPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const everyControl = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

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

/** For a message that may have several lines, such as a traceback: line ends and tabs stay, other controls become \xhh. */
export function escapeMessage(message: string): string {
  return message.replace(everyControl, escapeOne);
}
