// Waits for a command while it is loaded, for ever.
import { execFileSync } from 'node:child_process';

execFileSync('sleep', ['100000']);
