export default { callback: () => (_req, res) => res.end('callback') };
