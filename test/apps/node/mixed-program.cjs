// What bench/mixed serves: a program on Express that listens by itself, the same for every server.
const { pbkdf2Sync } = require('node:crypto');
const express = require('express');

/** Rounds that take 100 ms of a core, as the bench has measured. */
const work = Number(process.env.MIXED_WORK ?? 100_000);

const app = express();
app.get('/', (_req, res) => {
  res.send('hello\n');
});
app.get('/work', (_req, res) => {
  pbkdf2Sync('password', 'salt', work, 32, 'sha256');
  res.send('done\n');
});
app.get('/spin', () => {
  for (;;);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
