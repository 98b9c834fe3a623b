// The program that is run alone and behind the server, an http.Server: one route for each case, one for what its handler has noted, one to see whether a
// connection is still there.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { CASES } from './cases/all.ts';
import { SERVER_OPTIONS } from './cases/servers.ts';

const byName = new Map(CASES.map((each) => [each.name, each]));
const notes = new Map<string, string[]>();

const options = SERVER_OPTIONS as unknown as ServerOptions;
const program: Server = createServer(options, (req, res) => void route(req, res));
export default program;

function route(req: IncomingMessage, res: ServerResponse): unknown {
  const path = (req.url ?? '').slice(1).split('?')[0] ?? '';
  if (path === '-ping') return res.end('pong');
  if (path.startsWith('-notes/')) {
    return res.end(JSON.stringify(notes.get(path.slice('-notes/'.length)) ?? []));
  }
  const one = byName.get(path);
  if (one === undefined) return res.writeHead(404).end();
  const seen = notes.get(path) ?? [];
  notes.set(path, seen);
  return one.serve(req, res, (text) => seen.push(text));
}
