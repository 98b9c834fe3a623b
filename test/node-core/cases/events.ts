// What request, response and socket say, and in which order: ends, clients that go, programs that hang up, timeouts.

import { setTimeout as pause } from 'node:timers/promises';
import { asking, type Case, hearBoth, loose, type Peer, post, said } from '../case.ts';

const SLOW_MS = 20;
/** Nobody who ends so much later waits for an answer any more. */
const GIVES_UP_MS = 400;

export const EVENTS: readonly Case[] = [
  {
    name: 'ended-at-once',
    core: ['req-res-close', 'response-close'],
    asks: 'ended at once: response finish and close, then the request’s end and close',
    serve(req, res, note) {
      hearBoth(req, res, note);
      res.on('finish', () => note(`at finish ${res.destroyed} ${req.destroyed}`));
      res.on('close', () => note(`at res close ${res.destroyed} ${req.destroyed}`));
      req.on('close', () =>
        note(`at req close ${req.destroyed} ${req.readableEnded} ${req.complete}`),
      );
      res.end();
    },
    ends: 'at req close',
  },
  {
    name: 'ended-later',
    core: ['req-res-close'],
    asks: 'ended later, nobody reads the request: the same order',
    serve(req, res, note) {
      hearBoth(req, res, note);
      setTimeout(() => res.end(), SLOW_MS);
    },
    ends: 'req close',
  },
  {
    name: 'ended-later-read',
    core: ['req-res-close'],
    asks: 'the request is read: it closes before the response',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.on('data', () => undefined);
      setTimeout(() => res.end(), SLOW_MS);
    },
    ends: 'res close',
  },
  {
    name: 'body-not-read',
    core: ['server-keepalive-end', 'dump-req-when-res-ends', 'request-large-payload'],
    asks: 'a body that nobody reads is read away: end and close come, the connection is kept',
    serve(req, res, note) {
      hearBoth(req, res, note);
      res.end('hello world');
    },
    ends: 'req close',
    play: asking(post('x'.repeat(16_390))),
  },
  {
    name: 'body-after-answer',
    core: ['no-read-no-dump', 'dump-req-when-res-ends'],
    asks: 'a body that arrives after the answer is read away, too',
    serve(req, res, note) {
      hearBoth(req, res, note);
      res.end('early');
    },
    ends: 'req close',
    async play(peer) {
      await peer.ask({ method: 'POST', fields: ['Content-Length: 5'] });
      await peer.read();
      await peer.send('later');
    },
  },
  {
    name: 'paused-not-dumped',
    core: ['pause-no-dump'],
    asks: 'a request that is paused in the middle is not read away: the rest can be read after the answer',
    serve(req, res, note) {
      req.once('data', () => {
        req.pause();
        res.writeHead(200).end();
        res.on('finish', () => {
          note(`dumped ${loose(req)['_dumped'] === true}`);
          let rest = 0;
          req.on('data', (piece: Buffer) => (rest += piece.length));
          req.on('end', () => note(`end ${rest}`));
          req.resume();
        });
      });
    },
    ends: 'end',
    play: asking(post('x'.repeat(100))),
  },
  {
    name: 'client-leaves',
    core: ['aborted', 'response-close', 'outgoing-destroyed', 'abort-client'],
    asks: 'the client goes in the middle of the response: aborted, error and close once each',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.on('aborted', () => note(`at aborted ${req.aborted}`));
      req.on('close', () =>
        note(`at req close ${req.destroyed} ${req.aborted} ${req.errored ?? null}`),
      );
      res.on('close', () =>
        note(`at res close ${res.writableEnded} ${res.writableFinished} ${res.destroyed}`),
      );
      res.write('hello');
    },
    ends: 'at req close',
    anyOrder: true,
    play: leavesInAnswer,
  },
  {
    name: 'client-ends',
    core: ['aborted'],
    asks: 'the client ends its side while it waits for an answer: aborted and close once each',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.on('aborted', () => note(`at aborted ${req.aborted}`));
      res.on('close', () => note(`at res close ${res.writableEnded} ${res.destroyed}`));
      note('waits');
    },
    ends: 'at res close',
    anyOrder: true,
    async play(peer) {
      await peer.ask();
      await peer.noted('waits');
      await pause(GIVES_UP_MS);
      peer.end();
      await peer.closed();
    },
  },
  {
    name: 'client-leaves-unheard',
    core: ['aborted', 'server-incomingmessage-destroy'],
    asks: 'nobody listens to errors: nothing happens to the program',
    serve(_req, res, note) {
      res.on('close', () => note('res close'));
      res.write('hello');
    },
    ends: 'res close',
    play: leavesInAnswer,
  },
  {
    name: 'client-leaves-in-body',
    core: ['aborted', 'eof-on-connect'],
    asks: 'the client goes in the middle of its body: aborted and ECONNRESET, no end',
    serve(req, res, note) {
      hearBoth(req, res, note);
      req.on('data', (piece) => note(`data ${piece}`));
    },
    ends: 'req close',
    anyOrder: true,
    play: leavesInBody,
  },
  {
    name: 'client-leaves-iteration',
    core: [],
    asks: 'the client goes while its body is iterated: the loop throws ECONNRESET',
    async serve(req, _res, note) {
      try {
        for await (const piece of req) note(`data ${piece}`);
        note('whole');
      } catch (error) {
        note(`thrown ${said(error)}`);
      }
    },
    ends: 'thrown',
    play: leavesInBody,
  },
];

async function leavesInAnswer(peer: Peer): Promise<void> {
  await peer.ask();
  await peer.arrived('hello');
  peer.reset();
}

async function leavesInBody(peer: Peer): Promise<void> {
  await peer.ask({ method: 'POST', fields: ['Content-Length: 100'], body: 'part' });
  await peer.noted('data');
  peer.reset();
}
