// While the file that DEADLY names is there, whoever has loaded this ends a moment later, and leaves the file DEADLY.ended.

import { existsSync, writeFileSync } from 'node:fs';

const deadly = process.env['DEADLY'];
if (deadly !== undefined && existsSync(deadly)) {
  process.on('exit', () => writeFileSync(`${deadly}.ended`, ''));
  setTimeout(() => process.exit(9), 50);
}

export default (_req, res) => res.end('alive');
