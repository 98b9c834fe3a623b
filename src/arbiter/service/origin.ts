// Who started this arbiter, and what it was given for it: the command as it was, sockets of another arbiter or of systemd, a
// supervisor to report to, a terminal that waits for a daemon. All of it comes in environment variables, which are taken out of
// the environment here, once, so that nothing below us mistakes them for its own.

import { startFolder } from '../../start-folder.ts';
import { type Activation, takeActivation } from '../sockets/activation.ts';
import { takeWaiting, type Waiting } from './daemon.ts';
import type { Command } from './heir.ts';
import { type Inheritance, takeInheritance } from './inheritance.ts';
import { type Supervision, takeSupervision, unheard } from './supervisor.ts';

export interface Origin {
  readonly command: Command;
  readonly inheritance: Inheritance | null;
  readonly supervision: Supervision | null;
  /** null: nobody waits for this process to be a daemon. */
  readonly waiting: Waiting | null;
  /** `fd://N` for each socket of systemd, which stand for `bind`; undefined without. */
  readonly activated: readonly string[] | undefined;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** Node.js waits for the processes that it has started and for no others, which process 1 is the parent of sooner or later. */
const NO_INIT =
  'This is process 1 of a container, and no init: processes that lose their parent, such as the Python of a worker that is killed, stay as zombies. Run one in front (docker run --init, or tini).';

/** @throws Error with a sentence for people */
export function takeOrigin(env: NodeJS.ProcessEnv): Origin {
  const inheritance = takeInheritance(env);
  const unknown = unheard(env);
  const supervision = takeSupervision(env);
  const waiting = takeWaiting(env);
  const activation = takeActivation(env);
  const activated = activatedBy(inheritance, activation);
  const warnings = [activation.warning, unknown, process.pid === 1 ? NO_INIT : null];
  return {
    command: {
      cwd: startFolder(env),
      env: { ...env },
      activated: activated !== undefined,
      supervision,
    },
    inheritance,
    supervision,
    waiting,
    activated,
    warnings: warnings.filter((each) => each !== null),
  };
}

function activatedBy(
  inheritance: Inheritance | null,
  { sockets }: Activation,
): Origin['activated'] {
  if (inheritance?.activated) return [...inheritance.sockets.keys()];
  return sockets.length > 0 ? sockets : undefined;
}
