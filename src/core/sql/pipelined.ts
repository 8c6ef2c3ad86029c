/**
 * Waits for statements that were sent without waiting in between.
 * @throws the fault of the first that failed; those behind it only say that the transaction is over
 */
export async function pipelined<T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(statements);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  }) as never;
}
