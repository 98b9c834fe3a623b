// Answers at once, and on /slow after a moment.
export default (req, res) => {
  const answer = () => res.end('ok\n');
  if (req.url.startsWith('/slow')) setTimeout(answer, 700);
  else answer();
};
