// Why a thread, or the process that has it, could not load its application, with the exit code that the worker ends with.

/** The application could not be loaded. `message` is for people and includes the traceback where there is one. */
export class BootError extends Error {
  /** Gunicorn's. 3: it is missing or raised while it loaded; 4: it loaded, but holds no application. */
  readonly exitCode: 3 | 4;
  /** From what it was loaded until then, if that was asked for. */
  readonly files: readonly string[];

  constructor(exitCode: 3 | 4, message: string, files: readonly string[] = []) {
    super(message);
    this.name = 'BootError';
    this.exitCode = exitCode;
    this.files = files;
  }
}
