/** @throws where the work does not end within so many milliseconds; it goes on, but nobody waits for it any more */
export async function withTimeout<T>(work: Promise<T>, most_ms: number, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // An answer that came while this process was busy is read first.
    timer = setTimeout(() => setImmediate(() => reject(new Error(complaint))), most_ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Resolves when the work has ended or after so many milliseconds. @throws what the work throws within them */
export async function waitAtMost(work: Promise<unknown>, most_ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, most_ms);
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(timer));
}
