// What each kind of wrong setting means and what to do about it, for docs/errors.md. A kind that is missing here does not
// compile.

import type { SettingErrorCode } from '../setting-error.ts';

export interface SettingErrorEntry {
  readonly meaning: string;
  readonly remedy: string;
}

export const SETTING_ERRORS: Readonly<Record<SettingErrorCode, SettingErrorEntry>> = {
  'bad-value': {
    meaning: 'A value breaks the rule of its setting.',
    remedy: 'The sentence names the rule and where the value came from: change it there.',
  },
  'unknown-setting': {
    meaning: 'A config file names a setting that does not exist.',
    remedy: 'Take the name that the sentence proposes, or one of settings.md.',
  },
  'unknown-flag': {
    meaning: 'A flag does not exist, or is short for several.',
    remedy: 'Take the flag that the sentence proposes, or one of `tunicorn --help`.',
  },
  usage: {
    meaning: 'A flag lacks its value or has one too many, or a quote is not closed.',
    remedy: 'Complete the command line or the variable that the sentence names.',
  },
  'not-yet': {
    meaning: 'Gunicorn has this setting, Tunicorn does not have it (yet).',
    remedy: 'Take it out; the sentence says what does the same here, if anything does.',
  },
  'config-file': {
    meaning: 'A config file is missing, cannot be read, throws, or exports no settings.',
    remedy: 'Mend the file, or name another one with -c.',
  },
  'no-application': {
    meaning: 'No application was named, or it is in none of the forms that can be served.',
    remedy:
      'Name one, as `package.module:callable` or `./file.ts`; --app-type decides between them.',
  },
};
