// Answers what a request's socket tells of the client and of the server.

export default function listener(request, response) {
  const { encrypted, remoteAddress, remotePort, localAddress, localPort } = request.socket;
  const told = { encrypted, remoteAddress, remotePort, localAddress, localPort };
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(told, (_, value) => value ?? null));
}
