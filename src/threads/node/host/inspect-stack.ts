// Finds out where a thread is stuck, from outside: the inspector can pause JavaScript that never returns to its loop.
// A thread in native code does not answer; the caller is told so after a while.

import { Session } from 'node:inspector';

/** A loop in JavaScript answers in a few milliseconds; native code never does. */
const ANSWER_MS = 500;

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly location: { readonly lineNumber: number; readonly columnNumber: number };
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
      if (Number(params.workerInfo.workerId) !== threadId) return;
      for (const method of ['Debugger.enable', 'Debugger.pause']) {
        const message = JSON.stringify({ id: method.length, method });
        session.post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message });
      }
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const frames = pausedFrames(params.message);
      if (frames === null) return;
      session.post('NodeWorker.detach', { sessionId: params.sessionId }, () =>
        finish(frames.map(frameText).join('\n')),
      );
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

function pausedFrames(message: string): readonly CallFrame[] | null {
  if (!message.includes('"Debugger.paused"')) return null;
  const parsed = JSON.parse(message) as {
    readonly method?: string;
    readonly params?: { readonly callFrames: readonly CallFrame[] };
  };
  return parsed.method === 'Debugger.paused' ? (parsed.params?.callFrames ?? null) : null;
}

function frameText(frame: CallFrame): string {
  const { lineNumber, columnNumber } = frame.location;
  const name = frame.functionName || '<anonymous>';
  return `    at ${name} (${frame.url}:${lineNumber + 1}:${columnNumber + 1})`;
}
