// Answers what a framework asks to know the scheme of a request.

export default function app(req, res) {
  const { encrypted, servername, alpnProtocol } = req.socket;
  const secured = [
    req.socket.getProtocol?.(),
    req.socket.getCipher?.().name,
    servername,
    alpnProtocol,
  ];
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ encrypted, protocol: encrypted ? 'https' : 'http', secured }));
}
