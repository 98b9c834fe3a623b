export default (_req, res) => res.end('exports of the folder');
