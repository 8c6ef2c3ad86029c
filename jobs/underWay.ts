/** Rows that this process has taken over to do what they ask for: each once at a time, and so many at once. */

/** This process ends, or another one has taken the row over. */
export class CutOff extends Error {}

export interface UnderWay {
  /** @param work resolves with how the row stands then, which is returned */
  start(id: string, work: () => Promise<string>): Promise<string>;
  isFull(): boolean;
  isClosing(): boolean;
  /** Begins nothing any more, and resolves when what is under way has come to its end. */
  close(): Promise<void>;
}

export function createUnderWay(most: number): UnderWay {
  const underWay = new Map<string, Promise<string>>();
  let closing = false;
  const isFull = () => underWay.size >= most;

  async function start(id: string, work: () => Promise<string>): Promise<string> {
    if (closing || underWay.has(id) || isFull()) return 'left to another';
    const done = work().finally(() => underWay.delete(id));
    underWay.set(id, done);
    return done;
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.allSettled(underWay.values());
  }

  return { start, isFull, isClosing: () => closing, close };
}
