/** One that fails holds up no other: each has its turn, and what went wrong is thrown when all have had it. */

export interface Turns {
  /** Never rejects. */
  take(work: () => Promise<unknown>): Promise<void>;
  /** @throws what went wrong first, where anything did */
  end(): void;
}

export function inTurns(): Turns {
  let [failed, first]: [number, unknown] = [0, undefined];

  async function take(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (err) {
      if (failed === 0) first = err;
      failed += 1;
    }
  }

  function end(): void {
    if (failed === 0) return;
    const text = first instanceof Error ? first.message : String(first);
    throw new Error(`${failed} of them failed, the others are done; the first: ${text}`, { cause: first });
  }

  return { take, end };
}
