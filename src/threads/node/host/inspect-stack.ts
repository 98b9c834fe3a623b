// Finds out where threads are stuck, from outside: the inspector can pause JavaScript that never returns to its loop. A
// thread in native code does not answer; the caller is told so after a while. All that ask at about the same time share
// one session and the next ones wait for its end: of two sessions at once one may pause a thread for ever, and a thread
// that is paused never terminates (seen with Node.js 20 and 24).

import { Session } from 'node:inspector';
import { programAt } from '../../../package-folder.ts';

/** Who asks within this time is asked for together. */
const GATHER_MS = 10;
/** A loop in JavaScript gives a sign in a few milliseconds; native code never does. */
const SIGN_MS = 2500;
/** After a sign it will stop at its next call or turn, however busy the machine is. */
const PAUSE_MS = 5000;

/** What is told in the place of a stack that has Node.js's own frames at most. */
export const WAITS =
  '    no JavaScript of the application runs: what it has begun waits for something asynchronous';
const THREAD_PROGRAM = programAt('thread').href;

export interface CallFrame {
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

let gathering: Inspection | null = null;
let running: Promise<void> = Promise.resolve();

/** The stack as text, one "at function (url:line:column)" a line; null when the thread does not answer. */
export function inspectStack(threadId: number): Promise<string | null> {
  if (gathering === null) {
    const next = new Inspection();
    gathering = next;
    running = running
      .then(() => new Promise((resolve) => setTimeout(resolve, GATHER_MS)))
      .then(() => {
        gathering = null;
        return next.run();
      });
  }
  return gathering.add(threadId);
}

/** Asks one thread. */
class Question {
  readonly answer: Promise<string | null>;
  /** The inspector's name for the thread; null until it is attached. */
  sessionId: string | null = null;
  /** Frames name their script by number only; the thread lists its scripts before it pauses. */
  readonly scripts = new Map<string, string>();
  resolve: (stack: string | null) => void = () => {};
  timer: NodeJS.Timeout | undefined;

  constructor() {
    this.answer = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

class Inspection {
  readonly #open = new Map<number, Question>();
  readonly #session = new Session();
  #connected = false;
  #over: () => void = () => {};

  add(threadId: number): Promise<string | null> {
    const question = this.#open.get(threadId) ?? new Question();
    this.#open.set(threadId, question);
    return question.answer;
  }

  /** Resolves when every question is answered, or was in vain. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#over = resolve;
      for (const question of this.#open.values()) this.#wait(question, SIGN_MS);
      try {
        this.#session.connect();
        this.#connected = true;
      } catch {
        for (const question of this.#open.values()) this.#finish(question, null);
        return;
      }
      this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
        const question = this.#open.get(threadOf(params.workerInfo.title));
        if (question !== undefined) this.#ask(question, params.sessionId);
      });
      this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
        for (const question of this.#open.values()) {
          if (question.sessionId !== params.sessionId) continue;
          this.#hear(question, JSON.parse(params.message) as FromThread);
        }
      });
      this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    });
  }

  #ask(question: Question, sessionId: string): void {
    question.sessionId = sessionId;
    for (const method of ['Debugger.enable', 'Debugger.pause']) {
      const message = JSON.stringify({ id: method.length, method });
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    }
  }

  #hear(question: Question, { method, params }: FromThread): void {
    if (method === 'Debugger.scriptParsed') {
      question.scripts.set(params?.scriptId ?? '', params?.url ?? '');
    }
    const frames = params?.callFrames;
    if (method !== 'Debugger.paused' || frames === undefined) this.#wait(question, PAUSE_MS);
    else this.#finish(question, stackText(frames, question.scripts));
  }

  #wait(question: Question, ms: number): void {
    clearTimeout(question.timer);
    question.timer = setTimeout(() => this.#finish(question, null), ms);
  }

  /** Detached first, whatever was heard: a thread that stays paused never ends. */
  #finish(question: Question, stack: string | null): void {
    clearTimeout(question.timer);
    for (const [threadId, each] of this.#open) if (each === question) this.#open.delete(threadId);
    const done = (): void => {
      question.resolve(stack);
      if (this.#open.size === 0) this.#close();
    };
    if (question.sessionId === null) done();
    else this.#session.post('NodeWorker.detach', { sessionId: question.sessionId }, done);
  }

  #close(): void {
    if (this.#connected) {
      this.#session.post('NodeWorker.disable', () => this.#session.disconnect());
    }
    this.#over();
  }
}

/** Titles are "[worker 3] thread 2", or without the brackets; the inspector's own numbers are no thread ids. */
function threadOf(title: string): number {
  return Number(/worker (\d+)/i.exec(title)?.[1]);
}

/**
 * Our own calls and Node.js's tell nobody anything. Where Node.js's are alone a callback was about to come, and the request waits
 * for one; where ours are, they are what runs.
 */
export function stackText(
  frames: readonly CallFrame[],
  scripts: ReadonlyMap<string, string>,
): string {
  const urlOf = ({ location }: CallFrame): string => scripts.get(location.scriptId) ?? '';
  const beside = frames.filter((frame) => !urlOf(frame).startsWith('node:'));
  if (beside.length === 0) return WAITS;
  const others = beside.filter((frame) => !isOurs(urlOf(frame)));
  const shown = others.length > 0 ? others : frames;
  return shown.map((frame) => frameText(frame, scripts)).join('\n');
}

/** The program of the thread is one file; run from its sources it is many. */
function isOurs(url: string): boolean {
  return url === THREAD_PROGRAM || url.includes('/threads/node/guest/');
}

function frameText(frame: CallFrame, scripts: ReadonlyMap<string, string>): string {
  const { scriptId, lineNumber, columnNumber } = frame.location;
  const name = frame.functionName || '<anonymous>';
  const url = scripts.get(scriptId) || '<unknown>';
  return `    at ${name} (${url}:${lineNumber + 1}:${columnNumber + 1})`;
}
