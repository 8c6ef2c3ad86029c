/** @throws where the work does not end within so many milliseconds; it goes on, but nobody waits for it any more */
export async function withTimeout<T>(work: Promise<T>, most_ms: number, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // An answer that came while this process was busy is read first.
    timer = setTimeout(() => setImmediate(() => reject(new Error(complaint))), most_ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
