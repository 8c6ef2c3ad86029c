/**
 * What people asked to be forgotten is forgotten, each minute: person by person, in bounded portions; what a run has no time
 * for the next one takes. What came after the request stays. A login session that is about to be ended is waited for.
 */
import { defineJob, type JobTools } from '../job.ts';
import { removalOf } from '../logins/removal.ts';

const PEOPLE = 100;
const ROWS = 500;
/** A notice of a new device is to be seen by its person first. */
const SEEN_WITHIN_DAYS = 7;

interface Asked {
  id: string;
  user_id: string;
  institution_id: string | null;
  asked_at: string;
}

const DUE = `
  select id, user_id, institution_id, asked_at from privacy_erasures
  where done_at is null and ($1::timestamptz is null or (asked_at, id) > ($1, $2::uuid))
  order by asked_at, id limit ${PEOPLE}`;

// A consent that was given again since then stays.
const REFUSE = `
  update telemetry_consents
  set own = false, decided_by = user_id::text, decided_at = clock_timestamp(), withdrawn_at = clock_timestamp()
  where institution_id = any($3) and user_id = $1 and decided_at <= $2 and own is distinct from false`;

// From one institution to the next: no index begins with the person. A super_admin's telemetry was taken where a token named one.
const DECIDED = `
  with recursive each (id) as (
    (select institution_id from telemetry_consents order by 1 limit 1)
    union all
    select (select institution_id from telemetry_consents where institution_id > each.id order by 1 limit 1)
    from each where each.id is not null
  )
  select c.institution_id from each join telemetry_consents c on c.institution_id = each.id and c.user_id = $1`;

/** What goes, and the statement that removes a portion of it: `$1` of the person, `$2` up to the request, `$3` where it says so. */
interface Erasure {
  what: string;
  text: string;
  /** The institution, which is null of a super_admin's request, or all that are meant. */
  where?: 'home' | 'each';
}

const own = (what: string, at: string, whose = 'user_id = $1'): Erasure => ({
  what,
  text: `delete from ${what} where ctid in (select ctid from ${what} where ${whose} and ${at} <= $2 limit ${ROWS})`,
});
/** There is none without an institution, with which its indexes begin. */
const ofTelemetry = (what: string, at: string): Erasure => ({
  ...own(what, at, 'institution_id = any($3) and user_id = $1'),
  where: 'each',
});
/** A risk asks for one in the name of the institution in which it was found, of a super_admin, too. */
const STEP_UPS: Erasure = {
  ...own('step_ups', 'confirmed_at', 'user_id = $1 and ($3::uuid is null or institution_id = $3)'),
  where: 'home',
};

/** No token of it that was seen is good any more. Others go with cleanup_expired_sessions, and what they are compared with stays till then. */
const HAS_EXPIRED = 'l.expires_at < clock_timestamp()';

const LOGINS: Erasure = {
  what: 'logins',
  text: removalOf(`
    select l.id from logins l
    where l.user_id = $1 and l.institution_id is not distinct from $3 and l.first_seen <= $2 and ${HAS_EXPIRED}
      and not exists (select from login_ends e where e.login_id = l.id and e.ended_at is null) limit ${ROWS}`),
  where: 'home',
};

// A notice goes with what says that it was read.
const NOTICES: Erasure = {
  what: 'notices',
  text: `
    with theirs as materialized (
      select id from notices where audience = 'user:' || $1::uuid and created_at <= $2
        and (kind <> 'device' or created_at < clock_timestamp() - interval '${SEEN_WITHIN_DAYS} days') limit ${ROWS}
    ), reads as (
      delete from notice_reads where notice_id in (select id from theirs)
    )
    delete from notices where id in (select id from theirs)`,
};

const ERASURES: readonly Erasure[] = [
  LOGINS,
  STEP_UPS,
  ofTelemetry('telemetry_batches', 'received_at'),
  ofTelemetry('telemetry_models', 'trained_at'),
  ofTelemetry('telemetry_risks', 'assessed_at'),
  own('policy_decisions', 'slot'),
  own('policy_outcomes', 'slot'),
  NOTICES,
  own('notice_reads', 'read_at'),
  own('notice_preferences', 'changed_at'),
  own('follows', 'followed_at'),
];

const DONE = `
  update privacy_erasures set done_at = clock_timestamp()
  where id = $1 and not exists (
    select from logins l join login_ends e on e.login_id = l.id and e.ended_at is null
    where l.user_id = $2 and l.institution_id is not distinct from $3 and l.first_seen <= $4 and ${HAS_EXPIRED})`;

export const erasePrivate = defineJob({
  name: 'erase.private',
  summary: 'Erases what people asked to be forgotten that is not the record, each minute',
  most_ms: 50_000,
  async run(tools) {
    const erased: Record<string, number> = { people: 0 };
    for (let last: Asked | undefined; ; ) {
      const { rows } = await tools.pool.query<Asked>(DUE, [last?.asked_at ?? null, last?.id ?? null]);
      for (const asked of rows) {
        const isDone = await erase(tools, asked, erased);
        if (!isDone) return { ...erased, is_complete: false };
      }
      last = rows.at(-1);
      if (rows.length < PEOPLE) return { ...erased, is_complete: true };
    }
  },
});

/** @returns whether there was time for all of it */
async function erase({ pool, cache, progress, isOver }: JobTools, asked: Asked, erased: Record<string, number>) {
  const { id, user_id, institution_id, asked_at } = asked;
  const each = institution_id === null ? await readDecided(pool, user_id) : [institution_id];
  await pool.query(REFUSE, [user_id, asked_at, each]);
  for (const { what, text, where } of ERASURES) {
    for (let count = ROWS; count === ROWS; ) {
      if (isOver()) return false;
      const values = [user_id, asked_at, ...(where ? [where === 'home' ? institution_id : each] : [])];
      count = (await pool.query(text, values)).rowCount ?? 0;
      if (count > 0) erased[what] = (erased[what] ?? 0) + count;
      await progress(erased[what] ?? 0);
    }
  }
  await cache.invalidateUser(user_id);
  erased.people! += (await pool.query(DONE, [id, user_id, institution_id, asked_at])).rowCount ?? 0;
  return true;
}

async function readDecided(pool: JobTools['pool'], user_id: string): Promise<string[]> {
  const { rows } = await pool.query<{ institution_id: string }>(DECIDED, [user_id]);
  return rows.map(({ institution_id }) => institution_id);
}
