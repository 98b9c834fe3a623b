// Answers what a framework asks to know the scheme of a request.

export default function app(req, res) {
  const { encrypted } = req.socket;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ encrypted, protocol: encrypted ? 'https' : 'http' }));
}
