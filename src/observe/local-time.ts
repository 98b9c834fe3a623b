// Local time with its offset from UTC, as Gunicorn's two logs write it. A line of the access log must not pay for
// calendar arithmetic, so a stamp is made once a second and used again.

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** "+0000", "-0330": east of UTC is positive, as strftime's %z has it and getTimezoneOffset has not. */
function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${two(size % 60)}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2026-11-24 21:59:17 +0000", the error log's. */
export function errorLogTime(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clock(date)} ${offset(date)}`;
}

/** "[24/Nov/2026:21:59:19 +0000]", the access log's. Month names are English in every locale, so that parsers hold. */
export function accessLogTime(date: Date): string {
  const month = months[date.getMonth()] ?? '';
  return `[${two(date.getDate())}/${month}/${date.getFullYear()}:${clock(date)} ${offset(date)}]`;
}

/** Makes a stamp once for each second. */
export class SecondStamp {
  readonly #make: (date: Date) => string;
  #second = Number.NaN;
  #stamp = '';

  constructor(make: (date: Date) => string) {
    this.#make = make;
  }

  at(date: Date): string {
    const second = Math.floor(date.getTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#stamp = this.#make(date);
    }
    return this.#stamp;
  }
}
