// Which files the application was loaded from, for a server that takes it anew when one of them changes: ES modules by hooks
// of Node.js, CommonJS and what jiti has compiled by the cache of `require`, and what a failure names. What stands in
// node_modules is left out; a linked package of a workspace does not.

import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { wallClock } from '../../../clock.ts';
import { packageFolder, programAt } from '../../../package-folder.ts';
import type { SourcesNews } from '../../../wire/node-thread.ts';

/** Between two looks at what was loaded since the application runs. */
const LOOK_MS = 1000;

interface LoadHooks {
  readonly load: (
    url: string,
    context: object,
    next: (url: string, context: object) => object,
  ) => object;
}

/** Since Node.js 22.15: hooks in the very thread. The types are those of Node.js 20. */
type Module = typeof nodeModule & { readonly registerHooks?: (hooks: LoadHooks) => void };

export class Sources {
  readonly #host: MessagePort;
  readonly #told = new Set<string>();
  readonly #require = nodeModule.createRequire(import.meta.url);
  /** The other end is with the hooks, where they are in another thread. */
  readonly #hooks = new MessageChannel();
  #sinceMs = wallClock().getTime();
  #loaded: string[] = [];

  constructor(host: MessagePort) {
    this.#host = host;
    host.unref();
  }

  /** To be called before the application is loaded, which is not seen otherwise. */
  begin(): void {
    const { registerHooks }: Module = nodeModule;
    if (registerHooks === undefined) {
      const { port2: port } = this.#hooks;
      const options = { data: port, transferList: [port] };
      nodeModule.register(programAt('load-hooks'), options);
    } else {
      registerHooks({
        load: (url, context, next) => {
          this.#loaded.push(url);
          return next(url, context);
        },
      });
    }
    setInterval(() => this.tell(), LOOK_MS).unref();
  }

  /** Tells the host what has been loaded since the last time; `failure`: the text of what went wrong meanwhile. */
  tell(failure = ''): void {
    const files = [...this.#fromHooks(), ...Object.keys(this.#require.cache), ...pathsIn(failure)];
    const news = new Set(files.filter((path) => !this.#told.has(path) && isSource(path)));
    const sinceMs = this.#sinceMs;
    this.#sinceMs = wallClock().getTime();
    if (news.size === 0) return;
    for (const path of news) this.#told.add(path);
    this.#host.postMessage({ files: [...news], sinceMs } satisfies SourcesNews);
  }

  #fromHooks(): string[] {
    const urls = this.#loaded;
    this.#loaded = [];
    for (;;) {
      const received = receiveMessageOnPort(this.#hooks.port1);
      if (received === undefined) break;
      urls.push(String(received.message));
    }
    return urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
  }
}

/** Where the package does not lie in node_modules itself. */
const OURS = fileURLToPath(new URL('dist/', packageFolder));

function isSource(path: string): boolean {
  return path.startsWith('/') && !path.includes('/node_modules/') && !path.startsWith(OURS);
}

/** A file that could not be compiled is in no cache. */
function pathsIn(text: string): string[] {
  return text.match(/\/[^\s:()"'`]+\.[cm]?[jt]sx?(?=[:\s)"'`]|$)/g) ?? [];
}
