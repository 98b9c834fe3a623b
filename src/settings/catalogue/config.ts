// Settings about settings: where the config file is, and the two ways to look before serving.

import type { Section } from '../declaration.ts';

export const config = {
  title: 'Config',
  about: 'Where settings come from, and how to look at them without serving.',
  settings: {
    config: {
      kind: 'text',
      form: 'file',
      default: null,
      flags: ['-c', '--config'],
      placeholder: 'PATH',
      inFile: false,
      gunicorn: { differs: 'Also TypeScript, JavaScript and JSON.' },
      meaning: 'The config file.',
      details:
        'Without it, the first of `tunicorn.config.ts`, `.mts`, `.js`, `.mjs`, `.cjs`, `.json` and `gunicorn.conf.py` that is in ' +
        'the start directory is read (the last one not for a Node.js application). A TypeScript or JavaScript file exports its ' +
        'settings: `export default { workers: 4 }`. A Python file sets them by name, as for Gunicorn; the Python of `--python` (flag or ' +
        'environment) evaluates it, `python:package.module` names a module instead of a file, and names that are no settings are its own. The ecosystem.config.js of PM2 is known by its `apps` or `script` ([from-pm2.md](from-pm2.md)). Its server hooks are called as hooks.md tells.',
    },
    ecosystem_app: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: ['--ecosystem-app'],
      placeholder: 'NAME',
      inFile: false,
      gunicorn: 'new',
      meaning: "Which app of PM2's ecosystem.config.js is served.",
      details:
        'Needed only where the file has several. It is given with `--config` and read as [from-pm2.md](from-pm2.md) tells.',
    },
    ecosystem_env: {
      kind: 'text',
      form: 'not empty',
      default: null,
      environment: [{ name: 'NODE_ENV' }],
      flags: ['--ecosystem-env'],
      placeholder: 'NAME',
      inFile: false,
      gunicorn: 'new',
      meaning: "Whose env_NAME of PM2's ecosystem.config.js is added to env.",
      details: "PM2's `--env`, which is Gunicorn's for `raw_env` here.",
    },
    check_config: {
      kind: 'switch',
      default: false,
      flags: ['--check-config'],
      gunicorn: 'same',
      meaning: 'Check the settings, load the application once and exit.',
      details:
        'Exit code 0 and no output when all is well; 1 and the reason when not. Nothing is bound.',
      doesNot:
        'It sends the application no request, and does not try whether the addresses are free.',
    },
    print_config: {
      kind: 'switch',
      default: false,
      flags: ['--print-config'],
      gunicorn: {
        differs:
          'Gunicorn also loads the application; here that takes `--check-config` as well. Each line also says where its value came from.',
      },
      meaning: 'Print every setting, its value and its source, and exit.',
      doesNot: 'It hides nothing: values of `raw_env` are printed, too.',
    },
  },
} as const satisfies Section;
