export default (_req, res) => {
  res.setHeader('Content-Type', 'text/plain');
  res.end('Hello, world!\n');
};
