module.exports = (_req, res) => res.end('cjs');
