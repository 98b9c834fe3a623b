// What the options of an http.Server say about its requests and responses: classes of the program's own, how repeated fields
// are read and written, how much may be buffered. Read as Node's own server reads them, for each request anew where it does.

import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientSocket } from './client-socket.ts';
import type { Classes, RequestClass, ResponseClass } from './given-prototypes.ts';

/** Members of a server that its type does not name, and the symbols by which Node finds the others. */
interface Members {
  readonly joinDuplicateHeaders?: boolean;
  readonly rejectNonStandardBodyWrites?: boolean;
  readonly [symbol: symbol]: unknown;
}

export class ServerOptions {
  readonly #server: Members | undefined;
  readonly #classes: Classes;
  /** Node's kUniqueHeaders, on server and response alike. */
  readonly #uniqueHeaders: symbol | null;

  /** `otherwise`: where the server's options name no classes. */
  constructor(
    server: Server | undefined,
    otherwise: Classes = { request: IncomingMessage, response: ServerResponse },
  ) {
    const named = (description: string): symbol | undefined =>
      server && Object.getOwnPropertySymbols(server).find((one) => one.description === description);
    const member = (description: string): unknown => {
      const symbol = named(description);
      return symbol && (server as unknown as Members)[symbol];
    };
    this.#server = server as Members | undefined;
    const request = member('IncomingMessage') as RequestClass | undefined;
    const response = member('ServerResponse') as ResponseClass | undefined;
    const isOwn =
      (request ?? IncomingMessage) !== IncomingMessage ||
      (response ?? ServerResponse) !== ServerResponse;
    this.#classes = isOwn
      ? { request: request ?? IncomingMessage, response: response ?? ServerResponse }
      : otherwise;
    this.#uniqueHeaders = named('kUniqueHeaders') ?? null;
  }

  newRequest(socket: ClientSocket): IncomingMessage {
    const request = new this.#classes.request(socket as unknown as Socket);
    const joins = this.#server?.joinDuplicateHeaders;
    if (joins !== undefined) Object.assign(request, { joinDuplicateHeaders: joins });
    return request;
  }

  newResponse(request: IncomingMessage, socket: ClientSocket): ServerResponse {
    const server = this.#server;
    const Response = this.#classes.response;
    if (server === undefined) return new Response(request);
    const response = new Response(request, {
      highWaterMark: socket.writableHighWaterMark,
      rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
    });
    const unique = this.#uniqueHeaders && server[this.#uniqueHeaders];
    if (unique) Object.assign(response, { [this.#uniqueHeaders as symbol]: unique });
    return response;
  }
}
