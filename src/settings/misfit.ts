// A value that breaks the rule of its setting, on its way from the check that finds it to the sentence that names its source.

/** `rule` completes "must be". */
export class Misfit extends Error {
  readonly rule: string;
  readonly value: unknown;
  readonly suggestion: string;

  constructor(rule: string, value: unknown, why = '', suggestion = '') {
    super(why);
    this.rule = rule;
    this.value = value;
    this.suggestion = suggestion;
  }
}
