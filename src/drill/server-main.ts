// The process of the server in a drill: gets the settings from the process that started it and serves as the arbiter
// does, with the drill's paths in the threads. When that process is gone, however it ended, this one ends, too.

import { runArbiter } from '../arbiter/boot.ts';
import type { Settings } from '../settings/settings.ts';

export interface DrillStart {
  readonly settings: Settings;
  readonly probe: string;
}

process.once('message', (message) => {
  // From our own parent, over a channel that nobody else has.
  const { settings, probe } = message as DrillStart;
  void runArbiter(settings, { probe }).then((code) => process.exit(code));
});
// Whatever it was doing: INT does not wait for requests.
process.on('disconnect', () => process.kill(process.pid, 'SIGINT'));
