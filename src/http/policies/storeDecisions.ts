/**
 * What policies said of requests, on its way to Postgres: counted in memory, and stored together every few seconds, never
 * while a request waits. Where Postgres is away it is counted on, and the newest kinds of decisions are dropped; what a
 * process has not stored when it dies is lost, and so is a portion whose connection is lost before Postgres says that it is stored.
 */
import type pg from 'pg';
import { type Gathering, gather } from '../../infra/gathering.ts';
import { inTransaction, isInDoubt } from '../../infra/postgres/database.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { timings } from '../../infra/timings.ts';
import type { Asked, Verdict } from '../../policies/decisions/decision.ts';

const MOST = 20_000;
/** Rows of a statement. */
const AT_ONCE = 500;
const HOUR_MS = 3_600_000;

export interface Decided {
  institution_id: string;
  asked: Asked;
  verdicts: readonly Verdict[];
  is_accepted: boolean;
  /** An admin of another institution: no sign of when the admins of this one are here. */
  is_foreign_admin: boolean;
}

interface Counted {
  values: readonly (string | number | boolean)[];
  count: number;
}

/** In the order of the keys, so that no two processes wait for each other. */
const KEPT = {
  name: 'store-policy-decisions',
  text: `
    insert into policy_decisions (institution_id, slot, user_id, command, role, confidence, stepped_up, hour, accepted, count)
    select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::boolean[],
      $8::smallint[], $9::boolean[], $10::bigint[])
    on conflict (institution_id, slot, user_id, command, role, confidence, stepped_up, hour, accepted)
    do update set count = policy_decisions.count + excluded.count`,
  columns: 9,
};
const SAID = {
  name: 'store-policy-outcomes',
  text: `
    insert into policy_outcomes (policy_id, version, slot, user_id, command, outcome, lacks, institution_id, count)
    select * from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[], $7::text[],
      $8::uuid[], $9::bigint[])
    on conflict (policy_id, version, slot, user_id, command, outcome, lacks)
    do update set count = policy_outcomes.count + excluded.count`,
  columns: 8,
};

export interface DecisionStore {
  note(decided: Decided): void;
  /** Stores what is counted. */
  close(): Promise<void>;
}

/** @param pool of role `door` */
export function createDecisionStore({ pool, log }: { pool: pg.Pool; log: Log }): DecisionStore {
  let dropped = 0;
  const gatherOf = (statement: typeof KEPT) =>
    gather<Counted>({
      ...{ most: MOST, drops: 'newest', at_once: AT_ONCE },
      ...{ again_ms: timings.door.decisions_every_ms, last_ms: timings.door.decisions_last_ms },
      joined: (older, { count }) => ({ ...older, count: older.count + count }),
      store: async (portion) => {
        if (dropped > 0) log.warn({ dropped }, 'decisions of policies not counted: too many kinds, or connection lost');
        dropped = 0;
        // One too few misleads less than one too many.
        if (!(await isStored(pool, statement, portion))) for (const [, { count }] of portion) dropped += count;
      },
      failed: (err, decisions) => log.warn({ err, decisions }, 'decisions of policies not stored'),
      dropped: ({ count }) => {
        dropped += count;
      },
    });
  const [kept, said] = [gatherOf(KEPT), gatherOf(SAID)];

  function once(counted: Gathering<Counted>, values: Counted['values']): void {
    counted.add(values.join(' '), { values, count: 1 });
    counted.later(timings.door.decisions_every_ms);
  }

  function note({ institution_id, asked, verdicts, is_accepted, is_foreign_admin }: Decided): void {
    const slot = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
    const { user_id, command, role, confidence, stepped_up, hour } = asked;
    const decision = [institution_id, slot, user_id, command, role, confidence, stepped_up, hour, is_accepted];
    if (!is_foreign_admin) once(kept, decision);
    for (const { policy_id, version, outcome, lacks } of verdicts) {
      once(said, [policy_id, version, slot, user_id, command, outcome, lacks.join(' '), institution_id]);
    }
  }

  return { note, close: async () => void (await Promise.all([kept.close(), said.close()])) };
}

/** @returns false where nobody knows. @throws where they are not stored, as where no connection was to be had */
async function isStored(
  pool: pg.Pool,
  { name, text, columns }: typeof KEPT,
  portion: [string, Counted][],
): Promise<boolean> {
  const rows = portion.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const values = Array.from({ length: columns }, (_, column) => rows.map((row) => row.values[column]));
  let isSent = false;
  try {
    await inTransaction(pool, (db) => {
      isSent = true;
      return db.query({ name, text, values: [...values, rows.map(({ count }) => count)] });
    });
    return true;
  } catch (fault) {
    if (isSent && isInDoubt(fault)) return false;
    throw fault;
  }
}
