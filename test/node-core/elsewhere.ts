// Tests of Node.js for its http that have no case of their own here: those that something else shows, those where we are
// meant to be different, and those that ask for nothing that a server's request or response has. With the cases: all of them.

export interface Elsewhere {
  /** Names without `test-http-` and `.js`, parted by blanks. */
  readonly core: string;
  readonly asks: string;
  readonly holds: string;
  /** The test of ours, or why there is none. */
  readonly shown: string;
}

const IN_LISTENER = '`test/end-to-end/node-listener.test.ts`';
const HTTP1 = '`test/unit/http1` and [http.md](http.md)';

export const SHOWN_ELSEWHERE: readonly Elsewhere[] = [
  {
    core: 'exceptions catch-uncaughtexception uncaught-from-request-callback',
    asks: 'a handler that throws, or whose promise is rejected',
    holds:
      'differs: in node:http that is an uncaught exception, which ends the process or leaves the client waiting; here the client gets 500 and the log the stack, and the thread goes on',
    shown: `${IN_LISTENER} "\${path} is answered 500 with the stack in the error log, and the connection and the thread go on"`,
  },
  {
    core: 'connect connect-req-res upgrade-server upgrade-server2 upgrade-binary server-unconsume-consume upgrade-reconsume-stream',
    asks: 'upgrade and connect: the socket, what the client sent ahead, half-closed sides',
    holds: 'yes',
    shown: '`test/end-to-end/websocket.test.ts`',
  },
  {
    core: 'listening bind-twice server-async-dispose server-close-idle server-connection-list-when-close unix-socket unix-socket-keep-alive',
    asks: 'a program that listens and closes by itself',
    holds:
      'yes, where it concerns the program; sockets and connections are the server’s ([node.md](node.md))',
    shown: '`test/end-to-end/program.test.ts`, `test/end-to-end/sockets.test.ts`',
  },
  {
    core: 'malformed-request server-client-error server-multiple-client-error header-overflow max-header-size max-header-size-per-stream missing-header-separator-cr missing-header-separator-lf server-reject-chunked-with-content-length server-reject-cr-no-lf double-content-length request-smuggling-content-length chunked-smuggling chunk-extensions-limit dummy-characters-smuggling invalid-te transfer-encoding-repeated-chunked transfer-encoding-smuggling invalid-path-chars multi-line-headers parser parser-finish-error parser-multiple-execute',
    asks: 'requests that are malformed, ambiguous or too large: refused, and clientError is emitted',
    holds:
      'refused, at least as strictly, with an answer and a line in the log; clientError is not emitted, because such a request never reaches a thread',
    shown: HTTP1,
  },
  {
    core: 'insecure-parser insecure-parser-per-stream',
    asks: 'insecureHTTPParser (and requireHostHeader: false)',
    holds:
      'does not apply: an HTTP/1.1 request without Host is refused; the settings of [http.md](http.md) loosen single rules',
    shown: HTTP1,
  },
  {
    core: 'keep-alive keep-alive-timeout keep-alive-timeout-race-condition server-keep-alive-timeout server-close-destroy-timeout server-stale-close',
    asks: 'how long an idle connection is kept, and what the client is told of it',
    holds:
      'does not apply: `keep_alive` ([timeouts.md](timeouts.md)); no Keep-Alive field is added, one of the program’s is left out, too',
    shown: '`test/end-to-end/limits.test.ts`',
  },
  {
    core: 'keep-alive-max-requests keep-alive-pipeline-max-requests keep-alive-drop-requests server-keep-alive-max-requests-null',
    asks: 'server.maxRequestsPerSocket',
    holds: 'does not apply: a connection may bring as many as it likes',
    shown: 'none',
  },
  {
    core: 'server-headers-timeout-delayed-headers server-headers-timeout-interrupted-headers server-headers-timeout-keepalive server-headers-timeout-pipelining server-request-timeout-delayed-body server-request-timeout-delayed-headers server-request-timeout-interrupted-body server-request-timeout-interrupted-headers server-request-timeout-keepalive server-request-timeout-pipelining server-request-timeout-upgrade server-timeouts-validation server-connections-checking-leak server-clear-timer',
    asks: 'server.headersTimeout, requestTimeout and connectionsCheckingInterval',
    holds:
      'does not apply: `head_timeout`, `body_timeout` and the other deadlines ([timeouts.md](timeouts.md))',
    shown: '`test/freeze`, rows 2 and 3',
  },
  {
    core: 'pipeline-flood pipeline-socket-parser-typeerror',
    asks: 'a client that sends requests faster than it reads answers is held back',
    holds: 'yes: one request of a connection at a time, and no more than 16 kB of the next ones',
    shown: '`test/model/connection.test.ts`',
  },
  {
    core: 'socket-encoding-error server-destroy-socket-on-client-error',
    asks: 'the event connection of a server',
    holds:
      'differs: it is not emitted; connections are the server’s, and a request that comes brings its socket',
    shown: 'none',
  },
  {
    core: 'req-close-robust-from-tampering',
    asks: 'the listeners that node:http has on its own socket can be called by hand',
    holds: 'differs: there are none on `req.socket` but the program’s',
    shown: 'none',
  },
  {
    core: 'server-options-highwatermark',
    asks: 'the option highWaterMark of a server',
    holds: 'differs: requests and responses have 64 kB, whatever it says',
    shown: 'none',
  },
  {
    core: 'server-keepalive-req-gc parser-memory-retention',
    asks: 'nothing of a request is kept once it is over',
    holds: 'yes',
    shown: '`npm run bench:memory`',
  },
  {
    core: 'outgoing-buffer outgoing-message-inheritance outgoing-internal-headernames-getter outgoing-internal-headernames-setter common max-http-headers server-response-standalone',
    asks: 'classes, functions and constants of node:http itself, used by hand',
    holds: 'yes: they are Node.js’s own, and nothing of them is changed',
    shown: 'none',
  },
  {
    core: 'full-response proxy buffer-sanity',
    asks: 'whole programs: many large responses, a proxy, a large body byte for byte',
    holds: 'yes',
    shown: `${IN_LISTENER} "a large body goes through the echo unchanged", \`test/clients\``,
  },
];

/** Node.js's client, its agents, parser objects and url.parse: nothing of a server. */
export const NOT_A_SERVERS =
  'abort-before-end abort-queued addrequest-localaddress after-connect agent agent-abort-controller agent-close agent-destroyed-socket agent-domain-reused-gc agent-error-on-idle agent-false agent-getname agent-keepalive agent-keepalive-delay agent-maxsockets agent-maxsockets-respected agent-maxtotalsockets agent-no-protocol agent-null agent-remove agent-reuse-drained-socket-only agent-scheduling agent-timeout agent-timeout-option agent-uninitialized agent-uninitialized-with-handle autoselectfamily client-abort client-abort-destroy client-abort-event client-abort-keep-alive-destroy-res client-abort-keep-alive-queued-tcp-socket client-abort-keep-alive-queued-unix-socket client-abort-no-agent client-abort-response-event client-abort-unix-socket client-abort2 client-abort3 client-aborted-event client-agent client-agent-abort-close-event client-agent-end-close-event client-check-http-token client-close-event client-close-with-default-agent client-default-headers-exist client-defaults client-encoding client-error-rawbytes client-finished client-get-url client-headers-array client-headers-host-array client-immediate-error client-incomingmessage-destroy client-input-function client-insecure-http-parser-error client-invalid-path client-keep-alive-hint client-keep-alive-release-before-finish client-override-global-agent client-parse-error client-race client-race-2 client-read-in-error client-readable client-reject-chunked-with-content-length client-reject-cr-no-lf client-reject-unexpected-agent client-req-error-dont-double-fire client-request-options client-res-destroyed client-response-domain client-response-timeout client-set-timeout client-set-timeout-after-end client-spurious-aborted client-timeout client-timeout-agent client-timeout-connect-listener client-timeout-event client-timeout-on-connect client-timeout-option client-timeout-option-listeners client-timeout-option-with-agent client-timeout-with-data client-unescaped-path client-upload-buf client-with-create-connection conn-reset correct-hostname createConnection debug decoded-auth default-port dns-error end-throw-socket-handling extra-response hostname-typechecking incoming-message-options keepalive-client keepalive-override keepalive-request localaddress localaddress-bind-error max-sockets no-content-length parser-bad-ref parser-free parser-freed-before-upgrade parser-lazy-loaded request-agent request-arguments request-dont-override-options request-end-twice request-invalid-method-error response-no-headers response-status-message set-max-idle-http-parser should-keep-alive sync-write-error-during-continue timeout timeout-client-warning timeout-overflow upgrade-agent upgrade-client upgrade-client2 url.parse-auth url.parse-auth-with-header-in-request url.parse-basic url.parse-https.request url.parse-only-support-http-https-protocol url.parse-path url.parse-post';
