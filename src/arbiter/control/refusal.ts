// What is asked on the control socket and cannot be done.

/** `message`: a sentence for people. `status`: of the HTTP answer. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
