/** What is to be looked at: many at once, one lot after the other, so that what was read first never has the last word. */

const MOST_AT_ONCE = 1_000;

/** @param look never fails */
export function checkInTurn(look: (ids: string[]) => Promise<void>, at_once = MOST_AT_ONCE) {
  const due = new Set<string>();
  let isChecking = false;

  return async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) due.add(id);
    if (isChecking) return;
    isChecking = true;
    while (due.size > 0) {
      const some = [...due].slice(0, at_once);
      for (const id of some) due.delete(id);
      await look(some);
    }
    isChecking = false;
  };
}
