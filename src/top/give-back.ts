// What a terminal is sent that a picture was drawn on: as it was before, by the words that nearly all terminals know. The modes of its line
// (no echo, key by key) are Node.js's to give back, which it does whenever a process of it ends that had not been killed.

/** The first screen instead of the second, a cursor, no colours. */
export const GIVE_BACK = '\x1b[0m\x1b[?1049l\x1b[?25h';
