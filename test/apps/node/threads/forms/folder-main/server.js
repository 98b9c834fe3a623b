module.exports = (_req, res) => res.end('main of the folder');
