// The cases of test/http1, sent to a server of a WSGI application.

import { corpusTests, flagsOf } from './corpus.ts';
import { serveWsgi } from './serving.ts';

corpusTests(
  (settings) => serveWsgi('tell_request:app', ['--threads', '2', ...flagsOf(settings)]),
  // A body of 8 PiB would be gathered first: 413.
  ['framing: The largest length that is counted exactly passes'],
);
