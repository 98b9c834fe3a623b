// What was found out about a request whose time was up, in words: the line of the log and docs/errors.md say it so. A
// case that is missing here does not compile.

import type { OverdueCase } from '../../threads/app-thread.ts';

export interface OverdueCaseEntry {
  readonly words: string;
  readonly seenIn: 'WSGI' | 'Node.js' | 'both';
}

export const OVERDUE_CASES: Readonly<Record<OverdueCase, OverdueCaseEntry>> = {
  interrupted: {
    words: 'its own code ran and was interrupted; the thread goes on',
    seenIn: 'WSGI',
  },
  'interrupt-ignored': {
    words: 'its own code ran and went on after the interrupt; the thread is replaced',
    seenIn: 'WSGI',
  },
  'native-code': {
    words: 'it waits in native code, where no interrupt lands; the thread is replaced',
    seenIn: 'WSGI',
  },
  'interpreter-held': {
    words:
      'the interpreter does not answer: its lock is held or it is stopped; the Python process is replaced',
    seenIn: 'WSGI',
  },
  asynchronous: {
    words: 'it waits in asynchronous code and was aborted; the thread goes on',
    seenIn: 'Node.js',
  },
  'loop-held': {
    words: 'its JavaScript holds the loop of the thread; the thread is replaced',
    seenIn: 'Node.js',
  },
  'loop-in-native-code': {
    words:
      'native code holds the loop of the thread and does not answer; the worker process is replaced',
    seenIn: 'Node.js',
  },
  'loop-busy': {
    words: 'another request holds the loop of the thread; it is aborted when the loop turns',
    seenIn: 'Node.js',
  },
  'not-begun': {
    words: 'the application had not begun it, and never will',
    seenIn: 'both',
  },
  ended: {
    words: 'it has ended by itself in the meantime',
    seenIn: 'both',
  },
  unknown: {
    words: 'where it is could not be found out',
    seenIn: 'both',
  },
};
