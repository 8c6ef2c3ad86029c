/**
 * Telemetry of people who refused it, or for whom it was refused, is erased to the last row, and so is all that was made of
 * it: what was taken before the refusal, also where there is consent again since. Person by person, in bounded portions; a run that is cut off goes on
 * with the next.
 */
import { defineJob, type JobTools } from '../job.ts';

const PEOPLE = 100;
const ROWS = 500;

interface Withdrawn {
  institution_id: string;
  user_id: string;
  withdrawn_at: string;
}

const DUE = `
  select institution_id, user_id, withdrawn_at from telemetry_consents
  where withdrawn_at is not null and (erased_at is null or erased_at < withdrawn_at)
  order by withdrawn_at limit ${PEOPLE}`;

/** What goes, and the statement that removes a portion of it. */
const ERASURES: [what: string, text: string][] = [
  [
    'batches',
    `delete from telemetry_batches where id in (
       select id from telemetry_batches where institution_id = $1 and user_id = $2 and received_at <= $3 limit ${ROWS})`,
  ],
  [
    'models',
    `delete from telemetry_models where id in (
       select id from telemetry_models where institution_id = $1 and user_id = $2 and trained_at <= $3 limit ${ROWS})`,
  ],
  [
    'risks',
    `delete from telemetry_risks where (login_id, institution_id, user_id) in (
       select login_id, institution_id, user_id from telemetry_risks
       where institution_id = $1 and user_id = $2 and assessed_at <= $3 limit ${ROWS})`,
  ],
];

// Refused again meanwhile, there may be more to erase.
const DONE = `
  update telemetry_consents set erased_at = clock_timestamp()
  where institution_id = $1 and user_id = $2 and withdrawn_at = $3`;

export const eraseWithdrawn = defineJob({
  name: 'erase.telemetry',
  summary: 'Erases the telemetry of people who refused it, each hour: a refusal promises 24 hours',
  most_ms: 5 * 60_000,
  async run(tools) {
    const erased = { people: 0, ...Object.fromEntries(ERASURES.map(([what]) => [what, 0])) } as Record<string, number>;
    for (let due = await readDue(tools); due.length > 0; due = await readDue(tools)) {
      for (const person of due) {
        const isDone = await erase(tools, person, erased);
        if (!isDone) return { ...erased, is_complete: false };
        erased.people! += 1;
      }
    }
    return { ...erased, is_complete: true };
  },
});

async function readDue({ pool }: JobTools): Promise<Withdrawn[]> {
  return (await pool.query<Withdrawn>(DUE)).rows;
}

/** @returns whether there was time for all of it */
async function erase(
  { pool, cache, progress, isOver }: JobTools,
  { institution_id, user_id, withdrawn_at }: Withdrawn,
  erased: Record<string, number>,
): Promise<boolean> {
  const values = [institution_id, user_id, withdrawn_at];
  for (const [what, text] of ERASURES) {
    for (let count = ROWS; count === ROWS; ) {
      if (isOver()) return false;
      count = (await pool.query(text, values)).rowCount ?? 0;
      erased[what]! += count;
      await progress(erased[what]!);
    }
  }
  await cache.invalidateUser(user_id);
  await pool.query(DONE, values);
  return true;
}
