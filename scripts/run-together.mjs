// Test files that share a process, one after the other: each is a suite by its own path, so that what fails is told by file and name.

import { describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './run-step.mjs';

/** @param {readonly string[]} files below the root */
export function runTogether(files) {
  for (const file of files) describe(file, () => import(pathToFileURL(root + file).href));
}
