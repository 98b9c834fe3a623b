// Stacks of a compiled application name the lines that somebody wrote, where it comes with source maps. Node.js reads the map of
// a module as it loads it, and takes it apart when a stack first needs it.

import * as nodeModule from 'node:module';

interface Support {
  readonly nodeModules: boolean;
  readonly generatedCode: boolean;
}

/** Since Node.js 22.14. The types are those of Node.js 20. */
type Module = typeof nodeModule & {
  readonly setSourceMapsSupport?: (enabled: boolean, support: Support) => void;
};

/** To be called before the application is loaded, and after what is ours. */
export function useSourceMaps(): void {
  const said = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ');
  // Whoever has decided about it has done so for all.
  if (/--(no-)?enable-source-maps\b/.test(said)) return;
  const { setSourceMapsSupport }: Module = nodeModule;
  if (setSourceMapsSupport === undefined) process.setSourceMapsEnabled(true);
  else setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
}
