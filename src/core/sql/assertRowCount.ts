/**
 * SQL that faults the whole transaction unless a `with` clause has written as many rows as it should: what is asked
 * after the statement would come too late, for COMMIT is on its way by then. The fault says what was missing.
 * @param clause name of the clause, which returns a row for each it wrote. @param count parameter with the number
 */
export function assertRowCount(clause: string, count: string, what: string): string {
  return `
    select case when count(*) = ${count} then 0 else ('wrote ' || count(*) || ' of ' || ${count} || ' ${what}')::integer end
    from ${clause}`;
}
