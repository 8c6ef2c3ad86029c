/**
 * Reading in scope goes by keys: among thousands of other tenants' rows no read walks through a table, whoever asks.
 * The statements explained are those that the readers send.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor, Role } from '../../src/core/definitions/actor.ts';
import { Problem } from '../../src/core/definitions/problem.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, rowsRead, walksOf } from '../support/plans.ts';

const MATCHES = 4_000;
const MATCHES_EACH = 20;
const EVENTS = 3;
/** Rows that one read may touch, those of policies included. A page has 50, each with a roster of three. */
const MOST_ROWS = 2_500;

let database: TestDatabase;
let pool: pg.Pool;
let place: {
  assignment_id: string;
  session_id: string;
  institution_id: string;
  user_id: string;
  match_id: string;
  feed_id: string;
  board_id: string;
  login_id: string;
  policy_id: string;
  entry_id: string;
};

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'api', 1, () => {});
  await database.pool.query(`
    insert into assignments
    select gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad((i / ${MATCHES_EACH})::text, 12, '0'))::uuid, 'Title',
      'Courtroom', now(), (array['institution', 'private'])[1 + i % 2], '"moot-20"', now()
    from generate_series(1, ${MATCHES}) as i;
    insert into rosters
    select id, gen_random_uuid(), role, 'Name', role = 'judge', 0
    from assignments, unnest(array['petitioner', 'respondent', 'judge']) as role;
    insert into courtroom_sessions
    select gen_random_uuid(), id, institution_id, title, courtroom, visibility, 'active', '{}', now(), now()
    from assignments;
    insert into session_participations
    select gen_random_uuid(), s.id, r.user_id, r.name, r.role, 'connected', now(), null, 1, null
    from courtroom_sessions s join rosters r using (assignment_id);
    insert into session_turns (id, session_id, order_index, side, kind, allotted_ms, min_ms, protected_ms, objections, state,
      extension_ms, paused_ms, paused_by, questions, speaker_id, started_at, deadline)
    select gen_random_uuid(), id, n, 'petitioner', 'argument', 60000, 0, 0, true, (array['active', 'planned'])[n],
      0, 0, '{}', 0, (array[id])[n], (array[now()])[n], (array[now() + interval '1 minute'])[n]
    from courtroom_sessions, generate_series(1, 2) as n;
    insert into objections (id, session_id, turn_id, ground, raised_by, raised_at, state)
    select gen_random_uuid(), session_id, id, 'procedural', 'somebody', now(), 'reserved'
    from session_turns, generate_series(1, 2) where state = 'active';
    insert into procedural_violations
    select gen_random_uuid(), id, id, null, 'late', 'Late.', 'somebody', now() from courtroom_sessions;
    update assignments set gallery = 'always';
    insert into galleries select id, false, 0 from courtroom_sessions;
    insert into gallery_messages
    select gen_random_uuid(), id, n, 'somebody', 1, null, 'somebody', 'question', 'Why?', 'shown', false, false, false,
      false, n, 0, now() - interval '30 days', repeat('0', 64)
    from courtroom_sessions, generate_series(1, 2) as n;
    insert into gallery_visits
    select gen_random_uuid(), n::text, id, '2026-01-0' || n, 1 from courtroom_sessions, generate_series(1, 2) as n;
    insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, pair, assignment_id, title,
      scheduled_at, listed_at, phase, published)
    select id, institution_id, visibility, 'internal', null, null, null, null, id, title, scheduled_at, scheduled_at, 'live', true
    from assignments
    union all
    select gen_random_uuid(), institution_id, visibility, 'tabbycat', id, id::text, 1, null, null, title, scheduled_at,
      scheduled_at, 'live', true
    from assignments;
    insert into match_state select id, 1, 3, '{}', null, null, 1, now() from matches;
    insert into match_events
    select id, n, provider, n::text, 'phase', now(), '{}', 95, false from matches, generate_series(1, 3) as n;
    insert into institution_settings select distinct institution_id, 'UTC', true, true, false, true, true, now() from assignments;
    insert into policies
    select id, institution_id, 'Rounds', '[]', 1, 'observe', true, now(), now(), now() from assignments;
    insert into policy_changes
    select id, n, institution_id, 'changed', 'Rounds', '[]', n, 'observe', true, null, 'somebody', now()
    from assignments, generate_series(1, 3) as n;
    insert into policy_outcomes
    select id, 1, date_trunc('hour', now()), gen_random_uuid(), 'turn.start', 'passed', '', institution_id, 1
    from assignments, generate_series(1, 3) as n;
    insert into policy_overrides
    select id, n, institution_id, id, gen_random_uuid(), 'A new network.', 'somebody', now()
    from assignments, generate_series(1, 3) as n;
    insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence, predicted_at)
    select gen_random_uuid(), institution_id, 'brute_force_attack', 'brute_force', 'user', n::text || id, 100, '{}', now()
    from assignments, generate_series(1, 3) as n;
    insert into threat_accuracies select gen_random_uuid(), now(), 1, 1 from assignments;
    insert into session_checks select id, now(), 1, true, '[]' from courtroom_sessions;
    insert into streams select 'session:' || id, ${EVENTS}, sha256(''), now() from courtroom_sessions;
    with said as (
      select 'session:' || id as stream, n as sequence, gen_random_uuid() as id,
        case when n = 1 then decode(repeat('00', 32), 'hex') else sha256(n::text::bytea) end as previous
      from courtroom_sessions, generate_series(1, ${EVENTS}) as n
    )
    insert into events
    select stream, sequence, id, 'NOTE', 'system', 'epoch', sha256(''), previous, sha256('\\x00'::bytea || convert_to(
      event_envelope(stream, sequence, id, 'NOTE', 'system', 'epoch', sha256(''), previous), 'UTF8'))
    from said;
    insert into event_payloads select stream, sequence, sha256(''), '{}' from events;
    insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id)
    select gen_random_uuid(), 'n', 's', array['s'], '{}', gen_random_uuid(), 'admin', institution_id, 'r', 'q'
    from assignments`);
  await database.pool.query('analyze');
  const { rows } = await database.pool.query(
    `select a.id as assignment_id, s.id as session_id, a.institution_id, r.user_id
     from assignments a join courtroom_sessions s on s.assignment_id = a.id join rosters r on r.assignment_id = a.id
     where a.visibility = 'private' limit 1`,
  );
  const { assignment_id } = rows[0];
  const others = { feed_id: randomUUID(), board_id: randomUUID(), login_id: randomUUID(), entry_id: randomUUID() };
  place = { ...rows[0], match_id: assignment_id, policy_id: assignment_id, ...others };
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const scoped = queries.filter((query) => !query.asVerifier);
const people: [string, () => Actor][] = [
  ['an admin', () => ({ id: randomUUID(), role: 'admin', institution_id: place.institution_id })],
  ['somebody on the roster', () => ({ id: place.user_id, role: 'participant', institution_id: randomUUID() })],
  ['a stranger', () => ({ id: randomUUID(), role: 'judge' as Role, institution_id: randomUUID() })],
  ['a super_admin', () => ({ id: randomUUID(), role: 'super_admin', institution_id: null })],
];

type Asked = { [field: string]: string };

/** The nodes of what is sent to answer this question, asked so. */
async function nodesFor(definition: (typeof scoped)[number], actor: Actor, asked: Asked = {}): Promise<Node[]> {
  const plans: Node[] = [];
  const params = { ...place };
  const query = definition.query.parse(asked);
  const reading = createReading(pool, pool).inScope(actor, place.session_id, async (db) =>
    definition.read({ db: explaining(db, plans), actor, params, query, catalog }),
  );
  // Of a gallery the roster is told nothing; what was sent to know it was explained.
  await reading.catch((refusal) => expect(refusal).toBeInstanceOf(Problem));
  expect(plans.length).toBeGreaterThan(0);
  return plans.flatMap(nodesOf);
}

function expectByKeys(nodes: Node[]): void {
  expect(walksOf(nodes)).toEqual([]);
  expect(nodes.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(MOST_ROWS);
}

/** What narrows the list of an evening. */
const FILTERS: [string, () => Asked][] = [
  ['day', () => ({ day: '2026-11-22' })],
  ['courtroom and state', () => ({ courtroom: 'Courtroom', state: 'active' })],
  ['person', () => ({ user_id: place.user_id })],
  ['mine', () => ({ mine: 'true' })],
];

describe.each(people)('for %s', (_, actorOf) => {
  test.each(scoped.map((query) => [query.name, query] as const))('%s goes by keys', async (_, definition) => {
    expectByKeys(await nodesFor(definition, actorOf()));
  });

  test.each(FILTERS)('the lists of an evening by %s go by keys', async (_, askedOf) => {
    const lists = scoped.filter(({ name }) => name === 'assignment.list' || name === 'session.list');
    expect(lists).toHaveLength(2);
    for (const list of lists) expectByKeys(await nodesFor(list, actorOf(), askedOf()));
  });

  test('the list of matches in a phase goes by keys', async () => {
    const list = scoped.find(({ name }) => name === 'match.list')!;
    expectByKeys(await nodesFor(list, actorOf(), { state: 'live' }));
    expectByKeys(await nodesFor(list, actorOf(), { state: 'finished' }));
  });
});
