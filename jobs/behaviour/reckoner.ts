/**
 * A thread of its own for what a model is reckoned from: the event loop of the worker is never held by it, so that no command
 * waits. It begins with the first question, has bounded memory, and ends with the run that asked; a question that is not
 * answered in time fails that run, which is tried again.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { withTimeout } from '../../src/core/withTimeout.ts';
import type { Found, Given, Question, Reckoned, Reckoning } from './reckonerThread.ts';

export interface Reckoner {
  reckon<Of extends Reckoning>(reckoning: Of, given: Given<Of>): Promise<Found<Of>>;
  close(): Promise<void>;
}

/** A session takes milliseconds. */
const WITHIN_MS = 60_000;
const MOST_MEGABYTES = 256;

/** Sources are what tests run, and a thread is loaded by Node itself, of which not every version takes them. */
const COMPILED = extname(import.meta.url) === '.js' ? '.' : '../../dist/jobs/behaviour';
const FILE = new URL(`${COMPILED}/reckonerThread.js`, import.meta.url);

interface Waiting {
  resolve(found: unknown): void;
  reject(fault: Error): void;
}

export function openReckoner(): Reckoner {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let asked = 0;

  function start(): Worker {
    const begun = new Worker(FILE, { resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES } });
    begun.unref();
    begun.on('message', ({ number, found }: Reckoned) => {
      waiting.get(number)?.resolve(found);
      waiting.delete(number);
    });
    begun.on('error', fail);
    begun.on('exit', () => fail(new Error('the thread that reckons has ended')));
    return begun;
  }

  function fail(fault: Error): void {
    for (const { reject } of waiting.values()) reject(fault);
    waiting.clear();
  }

  async function reckon<Of extends Reckoning>(reckoning: Of, given: Given<Of>): Promise<Found<Of>> {
    thread ??= start();
    asked += 1;
    const question: Question = { number: asked, reckoning, given };
    const found = new Promise<unknown>((resolve, reject) => waiting.set(question.number, { resolve, reject }));
    thread.postMessage(question);
    return withTimeout(found as Promise<Found<Of>>, WITHIN_MS, `${reckoning} was not reckoned within ${WITHIN_MS} ms`);
  }

  return { reckon, close: async () => void (await thread?.terminate()) };
}
