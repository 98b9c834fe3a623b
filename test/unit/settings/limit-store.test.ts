// Addresses of a store: what is read of each form, what is refused, and that no password is ever shown.

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseLimitStore, withoutSecret } from '../../../src/settings/limit-store.ts';

test('every form of the address is read', () => {
  const plain = parseLimitStore('redis://db.example');
  assert.deepEqual(plain, {
    label: 'redis://db.example:6379',
    tls: false,
    path: null,
    host: 'db.example',
    port: 6379,
    username: null,
    password: null,
    database: 0,
  });
  const full = parseLimitStore('rediss://app:p%40ss@[::1]:7000/3');
  assert.equal(full?.label, 'rediss://[::1]:7000/3');
  assert.deepEqual(
    [full?.tls, full?.host, full?.username, full?.password, full?.database],
    [true, '::1', 'app', 'p@ss', 3],
  );
  assert.equal(parseLimitStore('valkey://:x@h')?.password, 'x');
  assert.equal(parseLimitStore('valkeys://h')?.tls, true);
  const socket = parseLimitStore('unix://:pw@/run/redis/redis.sock?db=2');
  assert.deepEqual(
    [socket?.path, socket?.password, socket?.database, socket?.label],
    ['/run/redis/redis.sock', 'pw', 2, 'unix:///run/redis/redis.sock?db=2'],
  );
});

test('what is no store is refused, and shown without what might be a password', () => {
  for (const text of [
    'localhost:6379',
    'http://h',
    'redis://',
    'redis://h/x',
    'redis://h/1?a=b',
    'redis://:%zz@h',
    'unix://',
    'unix:///a?db=x',
    '',
  ]) {
    assert.equal(parseLimitStore(text), null, text);
  }
  assert.equal(withoutSecret('redis://:secret@h/x'), 'redis://...');
  assert.equal(withoutSecret('redis:secret'), 'redis:...');
  assert.equal(withoutSecret(':secret@h'), ':...');
  assert.equal(withoutSecret('secret@h'), '...');
});
