// A listener as CommonJS exports it.
module.exports = (_req, res) => res.end('Hello from CommonJS\n');
module.exports.named = (_req, res) => res.end('the named one of CommonJS\n');
