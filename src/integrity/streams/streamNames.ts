/**
 * The names of the streams to verify, in pages by name: those that have a head, and those that only left traces (events,
 * payloads or projected rows), which is a finding in itself.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { projected } from '../../tables.ts';

export interface StreamName {
  stream: string;
  /** How many events the head claims; says only how much there is to do. */
  sequence: number;
}

const PAGE = 5_000;

const WITH_HEAD = `select stream, sequence from public.streams where stream > $1 order by stream limit ${PAGE}`;

const UP_TO = `select stream, sequence from public.streams where stream > $1 and stream <= $2 order by stream limit ${PAGE}`;

const TRACES = [
  ['events', 't.stream'],
  ['event_payloads', 't.stream'],
  ...projected.map(({ name, stream, owner }) => [name, `('${stream}:' || t.${owner}) collate "C"`]),
].map(
  ([table, name]) => `
    select ${name} as stream from public.${table} t
    where not exists (select from public.streams h where h.stream = ${name})`,
);

const WITHOUT_HEAD = `
  select stream, 0 as sequence from (${TRACES.join(' union ')}) traced
  where stream > $1 order by stream limit ${PAGE}`;

/** A session belongs to an institution by its own row or by its assignment's, so that one edit hides neither. */
const OF_INSTITUTION = `
  select named.stream, coalesce(h.sequence, 0) as sequence from (
    select ('assignment:' || a.id) collate "C" as stream from public.assignments a where a.institution_id = $2
    union
    select ('session:' || s.id) collate "C" from public.courtroom_sessions s where s.institution_id = $2
    union
    select ('assignment:' || s.assignment_id) collate "C" from public.courtroom_sessions s where s.institution_id = $2
    union
    select ('session:' || s.id) collate "C" from public.courtroom_sessions s
    join public.assignments a on a.id = s.assignment_id where a.institution_id = $2
  ) named
  left join public.streams h on h.stream = named.stream
  where named.stream > $1 order by named.stream limit ${PAGE}`;

/** Pages of all names, or of one institution's. What no row leads to any more is found only among all. */
export async function* readNames(db: Queryable, institution_id: string | null): AsyncGenerator<StreamName[]> {
  if (institution_id !== null) yield* readPages(db, '', OF_INSTITUTION, institution_id);
  else {
    yield* readPages(db, '', WITH_HEAD);
    yield* readPages(db, '', WITHOUT_HEAD);
  }
}

/**
 * All names, those after `first` before those up to it: whatever it is, none is left out. What has no head comes first of
 * all.
 */
export async function* readNamesFrom(db: Queryable, first: string): AsyncGenerator<StreamName[]> {
  yield* readPages(db, '', WITHOUT_HEAD);
  yield* readPages(db, first, WITH_HEAD);
  if (first !== '') yield* readPages(db, '', UP_TO, first);
}

/** Of one stream alone, or as `readNames`. */
export async function* readNamesOf(
  db: Queryable,
  { institution_id, stream }: { institution_id: string | null; stream: string | null },
): AsyncGenerator<StreamName[]> {
  if (stream === null) yield* readNames(db, institution_id);
  else yield [{ stream, sequence: 1 }];
}

const COUNT_ALL = 'select count(*)::integer as count from public.streams';

/** How many streams there are to verify; says only how much there is to do. */
export async function countNames(db: Queryable, of: { institution_id: string | null; stream: string | null }) {
  if (of.institution_id === null && of.stream === null) {
    return (await db.query<{ count: number }>(COUNT_ALL)).rows[0]!.count;
  }
  let count = 0;
  for await (const page of readNamesOf(db, of)) count += page.length;
  return count;
}

async function* readPages(
  db: Queryable,
  first: string,
  text: string,
  ...values: string[]
): AsyncGenerator<StreamName[]> {
  for (let after = first; ; ) {
    const { rows } = await db.query<StreamName>(text, [after, ...values]);
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)!.stream;
  }
}
