// Loads, then hangs while it loads again, then loads: the count is kept in the file that LOADS names.
import { appendFileSync, readFileSync } from 'node:fs';

const file = process.env['LOADS'];
appendFileSync(file, '.');
if (readFileSync(file).length === 2) {
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}

export default (req, res) => {
  if (req.url === '/exit') process.exit(1);
  res.end('served');
};
