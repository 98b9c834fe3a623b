// A program that was written for `node program.cjs`: it listens itself, beside a server of its metrics, forks itself with
// node:cluster, changes its folder, and ends in its own way. Its environment says what it does otherwise.

const cluster = require('node:cluster');
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const { threadId } = require('node:worker_threads');

const { OWN_PORT = '3000', METRICS_PORT, SAY_READY } = process.env;

if (cluster.isPrimary) {
  for (let fork = 0; fork < 2; fork++) cluster.fork();
} else {
  process.chdir(__dirname);

  const server = createServer((req, res) => {
    if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: hello\n\n');
      process.once('SIGTERM', () => res.end('data: goodbye\n\n'));
      return;
    }
    if (req.url === '/slowly') {
      setTimeout(() => res.end('slowly'), 700);
      return;
    }
    server.getConnections((_error, count) => {
      res.end(
        JSON.stringify({
          main: require.main === module,
          argv: process.argv.slice(1),
          cwd: process.cwd(),
          here: readFileSync('program.cjs').length > 0,
          address: server.address(),
          listening: server.listening,
          cluster: [cluster.isPrimary, cluster.isWorker, cluster.worker.id > 0],
          sends: typeof process.send,
          count,
        }),
      );
    });
  });
  server.listen(Number(OWN_PORT), '127.0.0.1', () => {
    console.log(`program ${threadId} listens at ${server.address().port}`);
    if (SAY_READY !== undefined) setTimeout(() => process.send('ready'), Number(SAY_READY));
  });

  if (METRICS_PORT !== undefined) {
    const metrics = createServer((_req, res) => res.end(`metrics of ${threadId}`));
    metrics.listen(Number(METRICS_PORT), '127.0.0.1', () => console.log('metrics listen'));
  }

  process.on('message', (message) => console.log(`program ${threadId} got ${message}`));
  process.once('SIGTERM', () => {
    console.log(`program ${threadId} got SIGTERM`);
    server.close(() => {
      console.log(`program ${threadId} is closed`);
      setTimeout(() => {
        console.log(`program ${threadId} has tidied up`);
        process.exit(0);
      }, 100);
    });
  });
}
