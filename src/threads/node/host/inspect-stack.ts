// Finds out where a thread is stuck, from outside: the inspector can pause JavaScript that never returns to its loop.
// A thread in native code does not answer; the caller is told so after a while.

import { Session } from 'node:inspector';

/** A loop in JavaScript answers in a few milliseconds; native code never does. */
const ANSWER_MS = 1000;

interface CallFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

interface FromThread {
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly callFrames?: readonly CallFrame[];
  };
}

/** The stack as text, one "at function (url:line:column)" a line; null when the thread does not answer. */
export function inspectStack(threadId: number): Promise<string | null> {
  return new Promise((resolve) => {
    const session = new Session();
    const finish = (stack: string | null): void => {
      clearTimeout(timer);
      // Detached before the caller terminates the thread: one that is paused by an inspector never ends.
      session.post('NodeWorker.disable', () => session.disconnect());
      resolve(stack);
    };
    const timer = setTimeout(() => finish(null), ANSWER_MS);
    try {
      session.connect();
    } catch {
      return finish(null);
    }
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      if (threadOf(params.workerInfo.title) !== threadId) return;
      for (const method of ['Debugger.enable', 'Debugger.pause']) {
        const message = JSON.stringify({ id: method.length, method });
        session.post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message });
      }
    });
    // Frames name their script by number only; the thread lists its scripts before it pauses.
    const scripts = new Map<string, string>();
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { method, params: told } = JSON.parse(params.message) as FromThread;
      if (method === 'Debugger.scriptParsed') scripts.set(told?.scriptId ?? '', told?.url ?? '');
      const frames = told?.callFrames;
      if (method !== 'Debugger.paused' || frames === undefined) return;
      session.post('NodeWorker.detach', { sessionId: params.sessionId }, () =>
        finish(stackText(frames.map((frame) => frameText(frame, scripts)))),
      );
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

/** Titles are "[worker 3] thread 2", or without the brackets; the inspector's own numbers are no thread ids. */
function threadOf(title: string): number {
  return Number(/worker (\d+)/i.exec(title)?.[1]);
}

/** Our own calls and Node.js's tell nobody anything, unless there are no others. */
function stackText(frames: readonly string[]): string {
  const others = frames.filter((frame) => !/\(node:|\/threads\/node\/guest\//.test(frame));
  return (others.length > 0 ? others : frames).join('\n');
}

function frameText(frame: CallFrame, scripts: ReadonlyMap<string, string>): string {
  const { scriptId, lineNumber, columnNumber } = frame.location;
  const name = frame.functionName || '<anonymous>';
  const url = scripts.get(scriptId) || '<unknown>';
  return `    at ${name} (${url}:${lineNumber + 1}:${columnNumber + 1})`;
}
