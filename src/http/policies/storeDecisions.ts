/**
 * What policies said of requests, on its way to Postgres: counted in memory, and stored together every few seconds, never
 * while a request waits. Where Postgres is away it is counted on, and the newest kinds of decisions are dropped; what a
 * process has not stored when it dies is lost.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
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

export function createDecisionStore({ db, log }: { db: Queryable; log: Log }): DecisionStore {
  let kept = new Map<string, Counted>();
  let said = new Map<string, Counted>();
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> | undefined;

  function add(counted: Map<string, Counted>, key: string, { values, count }: Counted): void {
    const before = counted.get(key);
    if (before) before.count += count;
    else if (counted.size < MOST) counted.set(key, { values, count });
    else dropped += count;
  }

  const once = (counted: Map<string, Counted>, values: Counted['values']) =>
    add(counted, values.join(' '), { values, count: 1 });

  function note({ institution_id, asked, verdicts, is_accepted, is_foreign_admin }: Decided): void {
    const slot = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
    const { user_id, command, role, confidence, stepped_up, hour } = asked;
    const decision = [institution_id, slot, user_id, command, role, confidence, stepped_up, hour, is_accepted];
    if (!is_foreign_admin) once(kept, decision);
    for (const { policy_id, version, outcome, lacks } of verdicts) {
      once(said, [policy_id, version, slot, user_id, command, outcome, lacks.join(' '), institution_id]);
    }
    later();
  }

  function later(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void store();
    }, timings.door.decisions_every_ms).unref();
  }

  /** One after the other: what could not be stored is there for the next. */
  function store(): Promise<void> {
    storing ??= storeOnce().finally(() => {
      storing = undefined;
      if (kept.size + said.size > 0) later();
    });
    return storing;
  }

  async function storeOnce(): Promise<void> {
    const [decisions, outcomes] = [kept, said];
    kept = new Map();
    said = new Map();
    if (dropped > 0) log.warn({ dropped }, 'decisions of policies not counted: more kinds of them than are held');
    dropped = 0;
    try {
      await storeAll(db, KEPT, decisions);
      await storeAll(db, SAID, outcomes);
    } catch (err) {
      log.warn({ err, decisions: decisions.size }, 'decisions of policies not stored; they are tried again');
      kept = joined(decisions, kept);
      said = joined(outcomes, said);
    }
  }

  /** Of what is too much the newer goes. */
  function joined(older: Map<string, Counted>, newer: Map<string, Counted>): Map<string, Counted> {
    for (const [key, counted] of newer) add(older, key, counted);
    return older;
  }

  async function close(): Promise<void> {
    await storing;
    await store();
    clearTimeout(timer);
  }

  return { note, close };
}

/** What is stored is taken out. */
async function storeAll(
  db: Queryable,
  { name, text, columns }: typeof KEPT,
  counted: Map<string, Counted>,
): Promise<void> {
  const rows = [...counted].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    const some = rows.slice(i, i + AT_ONCE);
    const values = Array.from({ length: columns }, (_, column) => some.map(([, row]) => row.values[column]));
    await db.query({ name, text, values: [...values, some.map(([, { count }]) => count)] });
    for (const [key] of some) counted.delete(key);
  }
}
