// What the options of an http.Server say about its requests and responses: classes of the program's own, how repeated fields
// are read and written, how much may be buffered. Read as Node's own server reads them, for each request anew where it does.

import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientSocket } from './client-socket.ts';

type RequestClass = new (socket: Socket) => IncomingMessage;
type ResponseClass = new (request: IncomingMessage, options?: object) => ServerResponse;

/** Members of a server that its type does not name, and the symbols by which Node finds the others. */
interface Members {
  readonly joinDuplicateHeaders?: boolean;
  readonly rejectNonStandardBodyWrites?: boolean;
  readonly [symbol: symbol]: unknown;
}

export class ServerOptions {
  readonly #server: Members | undefined;
  readonly #request: RequestClass;
  readonly #response: ResponseClass;
  /** Node's kUniqueHeaders, on server and response alike. */
  readonly #uniqueHeaders: symbol | null;

  constructor(server: Server | undefined) {
    const named = (description: string): symbol | undefined =>
      server && Object.getOwnPropertySymbols(server).find((one) => one.description === description);
    const member = (description: string): unknown => {
      const symbol = named(description);
      return symbol && (server as unknown as Members)[symbol];
    };
    this.#server = server as Members | undefined;
    this.#request = (member('IncomingMessage') as RequestClass | undefined) ?? IncomingMessage;
    this.#response = (member('ServerResponse') as ResponseClass | undefined) ?? ServerResponse;
    this.#uniqueHeaders = named('kUniqueHeaders') ?? null;
  }

  newRequest(socket: ClientSocket): IncomingMessage {
    const request = new this.#request(socket as unknown as Socket);
    const joins = this.#server?.joinDuplicateHeaders;
    if (joins !== undefined) Object.assign(request, { joinDuplicateHeaders: joins });
    return request;
  }

  newResponse(request: IncomingMessage, socket: ClientSocket): ServerResponse {
    const server = this.#server;
    if (server === undefined) return new this.#response(request);
    const response = new this.#response(request, {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
    });
    const unique = this.#uniqueHeaders && server[this.#uniqueHeaders];
    if (unique) Object.assign(response, { [this.#uniqueHeaders as symbol]: unique });
    return response;
  }
}
