export default new Promise((resolve) => {
  setTimeout(resolve, 1, (_req, res) => res.end('promised'));
});
