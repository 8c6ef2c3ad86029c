/**
 * What a run is about to do, written down in one transaction with what is known from then on: a run that a dead worker left
 * is gone on with, and not planned anew. Every command has its id already, and a match that is to be made has that of its
 * command, so nothing is done twice, whichever run does it.
 */
import type pg from 'pg';
import { newCommandId } from '../../src/core/chain/ids.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { ProblemBody } from '../../src/core/definitions/problem.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Numbered } from '../../src/feeds/imports/conflicts.ts';
import { storeConflicts } from '../../src/feeds/imports/conflicts.ts';
import { type SeenPerson, storePeople } from '../../src/feeds/imports/people.ts';
import type { Mapped, Plan } from '../../src/feeds/imports/plan.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { RunClaim } from './importLedger.ts';

/** A command, as it is sent however often. */
export interface Send {
  id: string;
  name: string;
  debate: string;
  assignment_id: string;
  input: JsonObject;
  /** What the mapping keeps once it is applied. */
  keeps: JsonObject;
}

export interface Frozen {
  answer: JsonObject;
  /** With what it is refused in the end, after what is withdrawn all the same. */
  problem?: ProblemBody;
  sends: Send[];
}

/** The commands of a plan: those that make matches, then those that change them. */
export function sendsOf(
  plan: Plan,
  institution_id: string,
): { sends: Send[]; mapped: (Mapped & { assignment_id: string })[] } {
  const mapped = plan.mapped.map((one) => ({ ...one, assignment_id: one.assignment_id ?? newCommandId() }));
  const ids = new Map(mapped.map(({ debate, assignment_id }) => [debate, assignment_id]));
  const made = plan.create.map(({ debate, match }) => {
    const id = ids.get(debate)!;
    const panel = match.panel.map((one, i) => ({ ...one, presiding: i === 0 }));
    const input = { ...match, panel, institution_id, ...UNSAID } as unknown as JsonObject;
    return { ...{ id, name: 'assignment.create', debate, assignment_id: id, input }, keeps: {} };
  });
  const changed = plan.orders.map(({ name, debate, assignment_id, input, keeps }) => ({
    ...{ id: newCommandId(), name, debate, assignment_id, input: { ...input, assignment_id } },
    keeps: keeps as JsonObject,
  }));
  return { sends: [...made, ...changed], mapped };
}

/** What the body of `assignment.create` has where nothing is said. */
const UNSAID = { moderators: [], moderators_run: false, gallery: 'off' };

/** @throws where the claim is lost: nothing is written then */
export async function freeze(
  pool: pg.Pool,
  { id, run, feed_id }: RunClaim,
  frozen: Frozen,
  known: {
    people: SeenPerson[];
    mapped: (Mapped & { assignment_id: string })[];
    conflicts: readonly Numbered[];
    debates: readonly string[];
  },
): Promise<void> {
  await inTransaction(pool, async (db) => {
    const text = 'update feed_runs set orders = $3 where id = $1 and run = $2';
    const { rowCount } = await db.query(text, [id, run, JSON.stringify(frozen)]);
    if (rowCount !== 1) throw new Error('the claim of the run is lost');
    await storePeople(db, feed_id, known.people);
    await storeMappings(db, feed_id, known.mapped);
    await storeConflicts(db, feed_id, known.conflicts, known.debates);
  });
}

/** A debate that bears another id since is the same mapping. */
async function storeMappings(
  db: Queryable,
  feed_id: string,
  mapped: readonly (Mapped & { assignment_id: string })[],
): Promise<void> {
  const { rows: standing } = await db.query<{ provider_id: string; base: object }>(
    `select provider_id, base from feed_mappings
     where feed_id = $1 and entity_type = 'debate' and provider_id = any($2) order by provider_id for update`,
    [feed_id, mapped.flatMap(({ debate, was }) => [debate, ...(was === undefined ? [] : [was])])],
  );
  const bases = new Map(standing.map(({ provider_id, base }) => [provider_id, base]));
  const merged = mapped.map(({ changes, ...one }) => {
    const before = bases.get(one.was ?? one.debate);
    return before ? { ...one, base: { ...before, ...changes } } : one;
  });
  const rows = JSON.stringify(merged);
  await db.query(
    `delete from feed_mappings m using json_to_recordset($2) as r (was text)
     where m.feed_id = $1 and m.entity_type = 'debate' and m.provider_id = r.was`,
    [feed_id, rows],
  );
  await db.query(
    `insert into feed_mappings (feed_id, entity_type, provider_id, canonical_id, round, base)
     select $1, 'debate', debate, assignment_id, round, base
     from json_to_recordset($2) as r (debate text, assignment_id uuid, round integer, base jsonb)
     on conflict (feed_id, entity_type, provider_id) do update
     set canonical_id = excluded.canonical_id, round = excluded.round, base = excluded.base, changed_at = clock_timestamp()`,
    [feed_id, rows],
  );
}

/** What was applied is what was last imported. */
export async function keepApplied(db: Queryable, feed_id: string, applied: readonly Send[]): Promise<void> {
  const kept = applied.filter(({ keeps }) => Object.keys(keeps).length > 0);
  // Two commands of one match are kept one after the other: of one statement a row is changed once.
  const byDebate = new Map<string, JsonObject>();
  for (const { debate, keeps } of kept) byDebate.set(debate, { ...byDebate.get(debate), ...keeps });
  const rows = [...byDebate].map(([debate, keeps]) => ({ debate, keeps }));
  await db.query(
    `update feed_mappings m set base = m.base || r.keeps, changed_at = clock_timestamp()
     from json_to_recordset($2) as r (debate text, keeps jsonb)
     where m.feed_id = $1 and m.entity_type = 'debate' and m.provider_id = r.debate`,
    [feed_id, JSON.stringify(rows)],
  );
}
