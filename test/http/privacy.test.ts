/** What is known of a person beside the record: told to nobody else, forgotten on asking, and neither twice. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasePrivate } from '../../jobs/privacy/erasePrivate.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { SECTIONS } from '../../src/privacy/sections.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';
import { expectIntact } from '../support/verdict.ts';

const CARD = { name: 'Ottoline Quill', phone: '+44 7700 900123', visible_to: ['moderator'] };
/** Of what the record, or what must outlive the person's wish, is made: what docs/data-protection.md and `kept` say. */
const KEEP_PEOPLE = [
  ...[
    'events',
    'event_payloads',
    'commands',
    'streams',
    'stream_states',
    'rosters',
    'session_participations',
    'matches',
  ],
  ...['courtroom_sessions', 'assignments', 'contact_cards', 'contact_details', 'audit_entries', 'audit_refusals'],
  ...['privacy_erasures', 'telemetry_consents', 'revocations', 'institution_settings', 'policy_changes', 'log_queue'],
  ...['log_leaves', 'match_state', 'match_events', 'threat_activity'],
];

/** What shows a thief who asks for it, until it goes by itself. */
const OF_THIEVES = ['logins', 'login_places', 'login_locations', 'step_ups'];
/** The request itself is one that policies decide on. */
const NOTED_ANEW = ['policy_decisions'];

describe.skipIf(isLeftOut)('what is known of a person', () => {
  let stack: Stack;
  let worker: pg.Pool;
  let people: Cast;
  let session_id: string;

  beforeAll(async () => {
    stack = await startStack();
    worker = openPool(stack.database.url, 'worker', 2, () => {});
    people = cast();
    ({ session_id } = await openSession(stack.url, people));
    await must(
      post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, {
        ...{ telemetry: true, policies: true },
      }),
    );
  });
  afterAll(async () => {
    await worker?.end();
    await stack?.stop();
  });

  const told = (who: Person): Promise<Json> => must(get(stack.url, '/privacy/export', who));
  const keystrokes = Array.from({ length: 60 }, (_, i) => ({ t: i * 100, dwell: 90, flight: i === 0 ? 0 : 100 }));
  const lists = { mouse_movements: [], clicks: [], scrolls: [], navigation: [] };
  /** As the worker may. */
  const carryOut = (isOver = () => false) => {
    const tools = { pool: worker, cache: { invalidateUser: async () => 0 } };
    return erasePrivate.run({ ...tools, progress: async () => {}, isOver } as never);
  };

  /** Something in every section of the export. */
  async function live(who: Person): Promise<void> {
    await must(post(stack.url, '/api/contact/card', who, CARD));
    await must(post(stack.url, '/follow', who, { session_id }));
    await must(post(stack.url, '/notifications/preferences', who, { room: false }));
    await must(post(stack.url, '/telemetry/consent', who, { given: true }));
    const metadata = { started_at: new Date(Date.now() - 60_000).toISOString() };
    expect((await post(stack.url, '/telemetry/batches', who, { keystrokes, ...lists, metadata })).status).toBe(202);
    const values = [randomUUID(), people.institution_id, who.id, randomUUID()];
    const statements: [text: string, values: unknown[]][] = [
      [
        `insert into step_ups (login_id, institution_id, user_id, asked_at, asked_for, asked_by) values ($1, $2, $3, now(), 'turn.start', 'policy')`,
        values.slice(0, 3),
      ],
      [
        `insert into telemetry_models (id, institution_id, user_id, trained_at, sessions, baseline) values ($1, $2, $3, now(), 5, '{"usual": {}}')`,
        values.slice(0, 3),
      ],
      [`insert into telemetry_risks values ($1, $2, $3, now(), now(), '{"score": 12}')`, values.slice(0, 3)],
      [
        `insert into notices (id, audience, kind, key, text) values ($1, 'user:' || $2, 'start', $2, 'It has begun.')`,
        [values[0], who.id],
      ],
      [`insert into notice_reads (notice_id, user_id) values ($1, $2)`, [values[0], who.id]],
      [
        `insert into policy_outcomes values ($1, 1, date_trunc('hour', now()), $3, 'turn.start', 'passed', '', $2, 2)`,
        values.slice(0, 3),
      ],
    ];
    for (const [text, some] of statements) await stack.pool.query(text, some);
    await expect
      .poll(async () => {
        const { login_sessions, policy_decisions } = await told(who);
        const last = policy_decisions.some(({ command }: Json) => command === 'notices.prefer');
        return [login_sessions.length > 0, last];
      })
      .toEqual([true, true]);
    await stack.pool.query(
      `insert into login_locations select id, 525, 134, now(), now() from logins where user_id = $1`,
      [who.id],
    );
    await stack.pool.query(`update logins set first_seen = first_seen - interval '1 hour' where user_id = $1`, [
      who.id,
    ]);
  }

  /** Tables in which this id stands anywhere. */
  async function tablesNaming(id: string): Promise<string[]> {
    const { rows } = await stack.pool.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`,
    );
    const named = rows.map(async ({ name }) => {
      const { rowCount } = await stack.pool.query(`select from ${name} t where strpos(t::text, $1) > 0 limit 1`, [id]);
      return rowCount === 0 ? [] : [name];
    });
    return (await Promise.all(named)).flat();
  }

  test('is told to that person, all of it, and what the record keeps is said', async () => {
    await live(people.presiding);
    const all = await told(people.presiding);
    expect(all.user_id).toBe(people.presiding.id);
    expect(all.kept.length).toBeGreaterThan(5);
    for (const { name } of SECTIONS)
      if (name !== 'erasures') expect({ name, n: all[name].length }).not.toEqual({ name, n: 0 });
    expect(all).toMatchObject({
      login_sessions: [
        {
          places: expect.arrayContaining([expect.objectContaining({ kind: 'device' })]),
          locations: [{ latitude: 52.5, longitude: 13.4 }],
        },
      ],
      contact_cards: [{ name: CARD.name, email: null, phone: '+447700900123' }],
      notices: [{ kind: 'start', read_at: expect.any(String) }],
      notice_preferences: [{ room: false }],
      follows: [{ subject: `session:${session_id}` }],
      telemetry_consents: [{ given: true, own: true, guardian: null }],
      telemetry_batches: [{ points: 60, behaviour: { keystrokes: expect.anything() } }],
      erasures: [],
    });
  });

  test('is told to nobody else: neither to admins, nor across institutions, nor without a token', async () => {
    await live(people.judge);
    const elsewhere = person('judge', { id: people.judge.id, institution_id: randomUUID() });
    for (const who of [people.admin, people.petitioner, person('super_admin')]) {
      const others = JSON.stringify(await told(who));
      for (const word of ['Ottoline', people.judge.id, people.presiding.id]) expect(others).not.toContain(word);
    }
    expect(await told(elsewhere)).toMatchObject({ telemetry_batches: [], telemetry_models: [] });
    expect(JSON.stringify(await told(people.judge))).not.toContain(people.presiding.id);
    expect((await get(stack.url, '/privacy/export', null)).status).toBe(401);
  });

  test('is forgotten, of nobody else, asked for as often as one likes, and the record stays whole', async () => {
    const { judge, presiding } = people;
    const before = await tablesNaming(presiding.id);
    const asked = await Promise.all([1, 2, 3, 4, 5].map(() => must(post(stack.url, '/privacy/erase', judge))));
    const first = asked[0]!;
    expect(first.result).toMatchObject({ kept: expect.arrayContaining([expect.anything()]) });
    expect(new Set(asked.map(({ result }) => result.id)).size).toBe(1);
    // A run that has no time leaves it to the next, and one that has nothing to do does nothing.
    expect(await carryOut(() => true)).toEqual({ people: 0, is_complete: false });
    expect(await carryOut()).toMatchObject({ people: 1, telemetry_batches: 1, is_complete: true });
    expect(await carryOut()).toEqual({ people: 0, is_complete: true });
    const left = (await tablesNaming(judge.id)).filter(
      (name) => ![...KEEP_PEOPLE, ...OF_THIEVES, ...NOTED_ANEW].includes(name),
    );
    expect(left).toEqual([]);
    const earlier = `select from policy_decisions where user_id = $1 and command = 'notices.prefer'`;
    expect((await stack.pool.query(earlier, [judge.id])).rowCount).toBe(0);
    expect(await tablesNaming(presiding.id)).toEqual(expect.arrayContaining(before));
    const { rows } = await stack.pool.query(
      'select name, phone from contact_details where user_id = $1 and name is not null',
      [judge.id],
    );
    expect(rows).toEqual([]);
    const after = await told(judge);
    expect(after).toMatchObject({
      contact_cards: [],
      follows: [],
      notices: [],
      step_ups: [{ confirmed_at: null }],
      telemetry_batches: [],
      telemetry_consents: [{ given: false }],
    });
    expect(after.erasures).toEqual([
      { id: first.result.id, asked_at: expect.any(String), done_at: expect.any(String) },
    ]);
    await must(post(stack.url, '/privacy/erase', judge));
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('is on the audit trail, and leaves what shows a thief that asks for it, but for what is over', async () => {
    const who = person('participant', { institution_id: people.institution_id });
    const [good, over] = [randomUUID(), randomUUID()];
    for (const [id, expires] of Object.entries({ [good]: '1 hour', [over]: '-1 hour' })) {
      await stack.pool.query(
        `insert into logins values ($1, $2, $3, now() - interval '2 hours', now() - interval '1 hour', now() + $4::interval)`,
        [id, who.id, people.institution_id, expires],
      );
      await stack.pool.query(
        `insert into login_places (login_id, kind, mark, first_seen, last_seen, is_told)
         select $1::uuid, kind, repeat('a', 32), now(), now(), true from unnest(array['device', 'network']) kind`,
        [id],
      );
      await stack.pool.query(`insert into login_locations values ($1, 525, 134, now(), now())`, [id]);
      await stack.pool.query(
        `insert into step_ups (login_id, institution_id, user_id, asked_at, asked_for, asked_by, confirmed_at, confirmed_in)
         select $1::uuid, $2::uuid, $3::uuid, now() - interval '1 minute', 'risk', 'system', at,
           case when at is not null then $1::uuid end
         from (select case when $4::boolean then now() - interval '1 minute' end as at) c`,
        [id, people.institution_id, who.id, id === over],
      );
    }
    for (const [key, kind, ago] of [
      ['new', 'device', '6 days'],
      ['old', 'device', '8 days'],
      ['other', 'start', '1 day'],
    ])
      await stack.pool.query(
        `insert into notices (id, audience, kind, key, text, created_at)
         values (gen_random_uuid(), 'user:' || $1, $3, $2, $2, now() - $4::interval)`,
        [who.id, key, kind, ago],
      );
    await must(post(stack.url, '/privacy/erase', who));
    await carryOut();
    const left = async (text: string) => (await stack.pool.query(text, [[good, over]])).rows;
    expect(await left('select id from logins where id = any($1)')).toEqual([{ id: good }]);
    expect(await left('select distinct login_id from login_places where login_id = any($1)')).toEqual([
      { login_id: good },
    ]);
    expect(await left('select login_id from login_locations where login_id = any($1)')).toEqual([{ login_id: good }]);
    expect(await left('select login_id from step_ups where login_id = any($1)')).toEqual([{ login_id: good }]);
    // The device of the request itself is told of, too, as soon as it is noted.
    const notices = (await told(who)).notices.map(({ text }: Json) => text);
    expect(notices.filter((text: string) => !text.startsWith('Your account was used'))).toEqual(['new']);
    await untilAudited(stack.pool);
    const { items } = await must(get(stack.url, `/audit?user=${who.id}`, people.admin));
    expect(items).toMatchObject([{ type: 'admin_action', action: 'privacy.erase', outcome: 'applied' }]);
  });

  test('comes in pages, whole, in order and once, however much of it there is', async () => {
    const who = person('participant', { institution_id: people.institution_id });
    await stack.pool.query(
      `insert into follows (user_id, subject, role, institution_id, followed_at)
       select $1, 'team:' || n, 'participant', $2, date_trunc('second', now()) - (n / 150) * interval '1 minute' from generate_series(1, 700) n`,
      [who.id, people.institution_id],
    );
    const subjects = (await told(who)).follows.map(({ subject }: Json) => subject);
    expect(subjects).toHaveLength(700);
    expect(new Set(subjects).size).toBe(700);
  });

  test('waits for a login session that is about to be ended, and forgets what came before the request alone', async () => {
    const who = person('participant', { institution_id: people.institution_id });
    const ids = [randomUUID(), randomUUID()];
    const note = (id: string, first: string) =>
      stack.pool.query(`insert into logins values ($1, $2, $3, ${first}, now(), now() - interval '1 minute')`, [
        id,
        who.id,
        people.institution_id,
      ]);
    await note(ids[0]!, `now() - interval '1 hour'`);
    const { result } = await must(post(stack.url, '/privacy/erase', who));
    // A worker would end it at once: no turn runs.
    await stack.stopWorkers();
    await stack.pool.query(`insert into login_ends values ($1, $2, $3, now(), 'x', 'Stolen.', null)`, [
      ids[0],
      who.id,
      people.institution_id,
    ]);
    await note(ids[1]!, `now() + interval '1 minute'`);
    await carryOut();
    const isDone = async () => (await told(who)).erasures.find(({ id }: Json) => id === result.id).done_at;
    expect(await isDone()).toBeNull();
    await stack.pool.query('update login_ends set ended_at = now() where login_id = $1', [ids[0]]);
    await carryOut();
    expect(await isDone()).not.toBeNull();
    const { rows } = await stack.pool.query('select id from logins where id = any($1)', [ids]);
    expect(rows).toEqual([{ id: ids[1] }]);
    const { rowCount } = await stack.pool.query('select from login_ends where login_id = $1', [ids[0]]);
    expect(rowCount).toBe(0);
    await stack.startWorkers();
  });

  test('is told and forgotten of a guest, too: what policies of another institution said', async () => {
    const guest = person('judge', { institution_id: randomUUID() });
    const where = [people.institution_id, guest.id];
    await stack.pool.query(
      `insert into policy_decisions values ($1, date_trunc('hour', now()), $2, 'turn.start', 'judge', 75, false, 12, true, 3)`,
      where,
    );
    await stack.pool.query(
      `insert into policy_outcomes (policy_id, version, slot, user_id, command, outcome, lacks, institution_id, count)
       values (gen_random_uuid(), 1, date_trunc('hour', now()), $2, 'turn.start', 'passed', '', $1, 3)`,
      where,
    );
    expect(await told(guest)).toMatchObject({ policy_decisions: [{ count: 3 }], policy_outcomes: [{ count: 3 }] });
    await must(post(stack.url, '/privacy/erase', guest));
    await carryOut();
    expect(await told(guest)).toMatchObject({ policy_decisions: [], policy_outcomes: [] });
  });

  test('of a super_admin is forgotten, whatever institution the token names', async () => {
    const root = person('super_admin', { institution_id: people.institution_id });
    await stack.pool.query(
      `insert into step_ups (login_id, user_id, asked_at, asked_for, asked_by, confirmed_at, confirmed_in)
       values (gen_random_uuid(), $1, now() - interval '1 hour', 'risk', 'system', now() - interval '1 hour', gen_random_uuid())`,
      [root.id],
    );
    expect((await told(root)).step_ups).toHaveLength(1);
    const [first, again] = [
      await must(post(stack.url, '/privacy/erase', root)),
      await must(post(stack.url, '/privacy/erase', root)),
    ];
    expect(again.result.id).toBe(first.result.id);
    await carryOut();
    expect(await told(root)).toMatchObject({ step_ups: [], erasures: [{ done_at: expect.any(String) }] });
  });

  test('of a super_admin is told and forgotten, too, where it was taken for the institution that a token named', async () => {
    const root = person('super_admin', { institution_id: people.institution_id });
    const where = [people.institution_id, root.id];
    for (const text of [
      `insert into telemetry_consents (institution_id, user_id, own, decided_by, decided_at)
       values ($1, $2, true, 'x', now() - interval '1 hour')`,
      `insert into telemetry_batches values (gen_random_uuid(), $1, $2, gen_random_uuid(), now(), now(), sha256(''), 1, '{}')`,
      `insert into telemetry_models (id, institution_id, user_id, trained_at, sessions, baseline)
       values (gen_random_uuid(), $1, $2, now(), 5, '{}')`,
      `insert into telemetry_risks values (gen_random_uuid(), $1, $2, now(), now(), '{}')`,
      `insert into step_ups (login_id, institution_id, user_id, asked_at, asked_for, asked_by, confirmed_at, confirmed_in)
       values (gen_random_uuid(), $1, $2, now() - interval '1 hour', 'risk', 'system', now() - interval '1 hour', gen_random_uuid())`,
    ])
      await stack.pool.query(text, where);
    const names = ['step_ups', 'telemetry_batches', 'telemetry_models', 'telemetry_risks', 'telemetry_consents'];
    const counts = async () => {
      const all = await told(root);
      return names.map((name) => all[name].length);
    };
    expect(await counts()).toEqual([1, 1, 1, 1, 1]);
    await must(post(stack.url, '/privacy/erase', root));
    await carryOut();
    expect(await counts()).toEqual([0, 0, 0, 0, 1]);
    expect((await told(root)).telemetry_consents).toMatchObject([{ given: false }]);
  });

  test('is told as soon as Postgres answers, and nobody else waits meanwhile', async () => {
    const who = person('participant', { institution_id: people.institution_id });
    await must(post(stack.url, '/follow', who, { session_id }));
    const holder = await stack.pool.connect();
    try {
      await holder.query('begin; lock table follows');
      const asked = told(who);
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await stack.pool.query(waiting)).rowCount).toBeGreaterThan(0);
      expect((await get(stack.url, '/auth/sessions', people.judge)).status).toBe(200);
      await holder.query('rollback');
      expect((await asked).follows).toHaveLength(1);
    } finally {
      holder.release();
    }
  });
});
