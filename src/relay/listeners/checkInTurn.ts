/** Sessions that are to be looked at: many at once, one lot after the other, so that what was read first never has the last word. */

const SESSIONS_AT_ONCE = 1_000;

/** @param look never fails */
export function checkInTurn(look: (session_ids: string[]) => Promise<void>) {
  const due = new Set<string>();
  let isChecking = false;

  return async (session_ids: readonly string[]): Promise<void> => {
    for (const id of session_ids) due.add(id);
    if (isChecking) return;
    isChecking = true;
    while (due.size > 0) {
      const some = [...due].slice(0, SESSIONS_AT_ONCE);
      for (const id of some) due.delete(id);
      await look(some);
    }
    isChecking = false;
  };
}
