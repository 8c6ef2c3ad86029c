/** A million batches of telemetry, of people who never were: what statements are explained and measured over. */
import type pg from 'pg';

export const ROWS = 1_000_000;
const BATCHES_OF_LOGIN = 10;
const BATCHES_OF_PERSON = 100;
const PEOPLE_OF_INSTITUTION = 1_000;
const DAYS = 95;

const idOf = (kind: string, n: string) => `('00000000-0000-7000-${kind}-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const named = (kind: string, n: number) => `00000000-0000-7000-${kind}-${n.toString(16).padStart(12, '0')}`;
const institution = (person: string) => idOf('a000', `${person} / ${PEOPLE_OF_INSTITUTION}`);

/** Somebody with a hundred batches in ten login sessions, who agreed to it. */
export const whoIs = (n: number) => ({
  institution_id: named('a000', Math.floor(n / PEOPLE_OF_INSTITUTION)),
  user_id: named('8000', n),
});
export const loginOf = (n: number) => named('9000', n);

const NOTHING = '{"keystrokes":[],"mouse_movements":[],"clicks":[],"scrolls":[],"navigation":[]}';
const NO_BASELINE = '{"sessions":5,"usual":{},"shapes":[]}';
const NO_RISK =
  '{"score":null,"level":"unknown","action":"continue","anomalies":[],"weighed_most":null,"components":{}}';

/** @param pool of a superuser @param rows batches, of so many people that each has a hundred */
export async function fillTelemetry(pool: pg.Pool, rows = ROWS): Promise<void> {
  const people = rows / BATCHES_OF_PERSON;
  // Checks of each row would take longer than all the rest, and have no part in any plan.
  await pool.query(`
    set session_replication_role = replica;
    insert into institution_settings
    select distinct ${institution('p')}, 'UTC', true, false, false, true, true, now() from generate_series(0, ${people - 1}) as p;
    insert into telemetry_consents (institution_id, user_id, own, decided_by, decided_at, looked_at)
    select ${institution('p')}, ${idOf('8000', 'p')}, true, 'somebody', now(), now() - interval '1 day' - p * interval '1 second'
    from generate_series(0, ${people - 1}) as p;
    insert into telemetry_batches (id, institution_id, user_id, login_id, started_at, received_at, content_hash, points, behaviour)
    select ${idOf('8000', 'i')}, ${institution(`(i / ${BATCHES_OF_PERSON})`)}, ${idOf('8000', `i / ${BATCHES_OF_PERSON}`)},
      ${idOf('9000', `i / ${BATCHES_OF_LOGIN}`)}, t.at, t.at, sha256(i::text::bytea), 10, '${NOTHING}'
    from generate_series(0, ${rows - 1}) as i
    cross join lateral (
      select now() - interval '1 hour' - (i % ${BATCHES_OF_PERSON}) * interval '${DAYS} days' / ${BATCHES_OF_PERSON} as at
    ) t;
    insert into telemetry_models (id, institution_id, user_id, is_active, trained_at, sessions, baseline)
    select ${idOf('8000', `p * 2 + n`)}, ${institution('p')}, ${idOf('8000', 'p')}, n = 0, now() - n * interval '20 days', 5, '${NO_BASELINE}'
    from generate_series(0, ${people - 1}) as p, generate_series(0, 1) as n;
    insert into telemetry_risks (login_id, institution_id, user_id, assessed_at, last_at, risk)
    select ${idOf('9000', 'l')}, ${institution(`(l / ${BATCHES_OF_LOGIN})`)}, ${idOf('8000', `l / ${BATCHES_OF_LOGIN}`)}, now() - interval '20 days',
      now() - interval '20 days', '${NO_RISK}'
    from generate_series(0, ${rows / BATCHES_OF_LOGIN - 1}) as l;
    set session_replication_role = origin`);
  await pool.query('vacuum analyze telemetry_batches');
  await pool.query('analyze');
}
