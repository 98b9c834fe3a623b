// Why a Node.js thread could not load its application, with the exit code that the worker should end with.

/** `exitCode` 3: the file is missing or threw while it loaded; 4: it loaded, but holds no application. */
export class BootError extends Error {
  readonly exitCode: 3 | 4;

  constructor(exitCode: 3 | 4, message: string) {
    super(message);
    this.name = 'BootError';
    this.exitCode = exitCode;
  }
}
