// The cases of test/http1, sent to a server of a Node.js application, which reads bodies while they arrive.

import { corpusTests, flagsOf } from './corpus.ts';
import { serveNode } from './serving.ts';

corpusTests((settings) => serveNode('tell-request.mjs', ['--threads', '2', ...flagsOf(settings)]));
