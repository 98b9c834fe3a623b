// /eat?FILE opens files until there is no descriptor left, and closes them when FILE is there. Everything else is
// answered when the body has come, with its length.

import { closeSync, existsSync, openSync } from 'node:fs';

export default function app(req, res) {
  const [path, gate] = req.url.split('?');
  if (path === '/eat') {
    const eaten = [];
    try {
      for (;;) eaten.push(openSync('/dev/null', 'r'));
    } catch {
      res.end(`${eaten.length} eaten`);
    }
    const timer = setInterval(() => {
      if (!existsSync(gate)) return;
      clearInterval(timer);
      for (const descriptor of eaten) closeSync(descriptor);
    }, 20);
    return;
  }
  let length = 0;
  req.on('data', (bytes) => {
    length += bytes.length;
  });
  req.on('end', () => res.end(`${length} bytes`));
}
