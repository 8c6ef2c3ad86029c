/**
 * Runs of feeds as a worker does them, with a provider of the test's own: gone on with after a death at any step, looked at
 * again when they run, and held by the database to four commands.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimRun, endRun, findOverdue } from '../../jobs/feeds/importLedger.ts';
import { type Importing, importRound } from '../../jobs/feeds/importRound.ts';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { type OutboundCode, OutboundError } from '../../src/core/definitions/outbound.ts';
import type { RunToken } from '../../src/feeds/imports/run.ts';
import type { Debate, Round } from '../../src/feeds/providers/provider.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { type Cast, cast, get, type Json, must, person, post } from '../support/client.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { debateOf, roundOf } from '../support/rounds.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { submission } from '../support/submissions.ts';

class Death extends Error {}

const POINTS = ['planned', 'sent', 'settled'] as const;
const debates = (n: number, changes: (i: number) => Partial<Debate> = () => ({})) =>
  Array.from({ length: n }, (_, i) => debateOf(i + 1, changes(i + 1)));

describe.skipIf(isLeftOut)('a run of a feed', () => {
  let stack: Stack;
  let people: Cast;
  let feed_id: string;
  let worker: pg.Pool;
  let inbox: pg.Pool;

  beforeAll(async () => {
    stack = await startStack();
    worker = openPool(stack.database.url, 'worker', 4, () => {});
    inbox = openPool(stack.database.url, 'feeds', 2, () => {});
  });
  afterAll(async () => {
    await worker?.end();
    await inbox?.end();
    await stack?.stop();
  });
  beforeEach(async () => {
    people = cast();
    feed_id = await newFeed(people);
  });

  async function newFeed({ admin }: Cast): Promise<string> {
    const site = { provider: 'tabbycat', name: 'Harbour Moot', base_url: 'https://1.1.1.1', tournament: 'harbour' };
    return (await must(post(stack.url, '/api/feed/create', admin, site))).result.id;
  }

  const actorOf = ({ admin }: Cast): Actor => ({ id: admin.id, role: 'admin', institution_id: admin.institution_id });

  /** Claimed as it is asked for, so that no other worker finds it. */
  async function ask(input: Json, kind = 'import', actor = actorOf(people), feed = feed_id) {
    const id = randomUUID();
    const who = [actor.id, actor.role, actor.institution_id];
    await stack.pool.query(
      `insert into feed_runs (id, feed_id, institution_id, kind, input, actor_id, actor_role, actor_institution_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, feed, people.institution_id, kind, JSON.stringify(input), ...who],
    );
    return claim(id);
  }

  const claim = async (id: string) => (await claimRun(worker, id))!;

  /** As another worker finds it whose claim has run out. */
  async function claimAgain({ id }: { id: string }) {
    await stack.pool.query(`update feed_runs set due_at = clock_timestamp() where id = $1`, [id]);
    return claim(id);
  }

  function importing(rounds: Round[] | OutboundError, more: Partial<Importing> = {}): Importing {
    const { queues, log } = stack.backbones[0]!;
    return {
      ...{ pool: worker, inbox, catalog, queues, log },
      async fetchSchedule(_, round) {
        if (rounds instanceof OutboundError) throw rounds;
        const found = rounds.filter(({ seq }) => round === undefined || seq === round);
        return { rounds: found, unchanged: false };
      },
      fetchAvailabilities: async () => undefined,
      ...more,
    };
  }

  const goOn = () => {};

  async function run(rounds: Round[] | OutboundError, input: Json = { round: 1 }, kind = 'import'): Promise<Json> {
    const claimed = await ask(input, kind);
    const ending = await importRound(importing(rounds), claimed, goOn);
    await endRun(worker, claimed, ending);
    return ending.state === 'done' ? ending.answer : { refused: (ending as Json).problem };
  }

  const listed = async (): Promise<Json[]> =>
    (await must(get(stack.url, '/api/assignment/list?limit=200', people.admin))).items;

  test.each(someOf(POINTS))('goes on after its worker died when it was %s, and makes nothing twice', async (point) => {
    const round = roundOf(debates(120));
    const dying = importing([round], {
      reach(reached) {
        if (reached === point) throw new Death();
      },
    });
    const first = await ask({ round: 1 });
    await expect(importRound(dying, first, goOn)).rejects.toThrow(Death);
    // What the site says since is not what was begun.
    const later = importing([roundOf(debates(3))]);
    const ending = await importRound(later, await claimAgain(first), goOn);
    expect(ending).toMatchObject({ state: 'done', answer: { create: { length: 120 }, left: [] } });
    await endRun(worker, await claimAgain(first), ending);
    expect(await listed()).toHaveLength(120);
    expect(await run([round])).toMatchObject({ create: [], change: [], cancel: [], left: [] });
    expect(await listed()).toHaveLength(120);
  });

  test.each(someOf(POINTS))('that changes is gone on with when it was %s', async (point) => {
    await run([roundOf(debates(10))]);
    const round = roundOf(
      debates(10, (n) => (n === 1 ? { venue: { id: 'v', name: 'Hall 1' }, panel: judges('j9', 'j1.2', 'j1.3') } : {})),
    );
    const dying = importing([round], {
      reach(reached) {
        if (reached === point) throw new Death();
      },
    });
    const first = await ask({ round: 1 });
    await expect(importRound(dying, first, goOn)).rejects.toThrow(Death);
    const again = await claimAgain(first);
    const ending = await importRound(importing([round]), again, goOn);
    await endRun(worker, again, ending);
    expect(ending).toMatchObject({ answer: { change: [{ debate: 'd1' }], left: [], conflicts: [] } });
    const [match] = (await listed()).filter(({ courtroom }) => courtroom === 'Hall 1');
    expect(match!.panel.map(({ name }: Json) => name)).toEqual(['Judge j9', 'Judge 1.2', 'Judge 1.3']);
    const { rows } = await stack.pool.query(
      `select event_type, count(*)::integer from events where stream = $1 group by 1 order by 1`,
      [`assignment:${match!.id}`],
    );
    expect(rows).toEqual([
      { event_type: 'ASSIGNMENT_CREATED', count: 1 },
      { event_type: 'ASSIGNMENT_SUBSTITUTED', count: 1 },
      { event_type: 'ASSIGNMENT_UPDATED', count: 1 },
    ]);
    expect(await run([round])).toMatchObject({ create: [], change: [], conflicts: [] });
  });

  const judges = (...ids: string[]) =>
    ids.map((id, i) => ({ id, name: `Judge ${id}`, place: i === 0 ? ('chair' as const) : ('panellist' as const) }));

  test('that was given up half done leaves nothing that the next one makes twice', async () => {
    const first = await ask({ round: 1 });
    const dying = importing([roundOf(debates(5))], {
      reach(reached) {
        if (reached === 'sent') throw new Death();
      },
    });
    await expect(importRound(dying, first, goOn)).rejects.toThrow(Death);
    await endRun(worker, first, { state: 'failed', error: 'given up' });
    expect(await run([roundOf(debates(5))])).toMatchObject({ create: [], change: [], left: [] });
    expect(await listed()).toHaveLength(5);
  });

  test('before anything was sent, and given up, leaves all of it to the next', async () => {
    const first = await ask({ round: 1 });
    const dying = importing([roundOf(debates(5))], {
      reach() {
        throw new Death();
      },
    });
    await expect(importRound(dying, first, goOn)).rejects.toThrow(Death);
    await endRun(worker, first, { state: 'failed', error: 'given up' });
    expect(await run([roundOf(debates(5))])).toMatchObject({ create: { length: 5 } });
    expect(await listed()).toHaveLength(5);
  });

  test('waits for the one before it of the same feed', async () => {
    const first = await ask({ round: 1 });
    const id = randomUUID();
    await stack.pool.query(
      `insert into feed_runs (id, feed_id, institution_id, kind, input, actor_id, actor_role, actor_institution_id, due_at)
       values ($1, $2, $3, 'sync', '{}', 'x', 'admin', $3, clock_timestamp())`,
      [id, feed_id, people.institution_id],
    );
    expect(await claimRun(worker, id)).toBeUndefined();
    await endRun(worker, first, { state: 'failed', error: 'given up' });
    const second = await claimRun(worker, id);
    expect(second?.id).toBe(id);
    await endRun(worker, second!, { state: 'failed', error: 'given up' });
  });

  test('is done beside one other of its institution, and leaves the other places to other institutions', async () => {
    const client = await stack.pool.connect();
    const [own, other] = [randomUUID(), randomUUID()];
    const asked = async (institution_id: string) => {
      const id = randomUUID();
      await client.query(
        `insert into feed_runs (id, feed_id, institution_id, kind, input, actor_id, actor_role, actor_institution_id, due_at)
         values ($1, $1, $2, 'sync', '{}', 'x', 'admin', $2, clock_timestamp() - interval '1 minute')`,
        [id, institution_id],
      );
      return id;
    };
    try {
      // No worker of the stack sees any of it.
      await client.query('begin');
      const [first, second, third] = [await asked(own), await asked(own), await asked(own)];
      const theirs = await asked(other);
      for (const id of [first, second]) expect((await claimRun(client, id))?.id).toBe(id);
      expect(await claimRun(client, third)).toBeUndefined();
      const found = await findOverdue(client);
      expect([found.includes(third), found.includes(theirs)]).toEqual([false, true]);
      expect((await claimRun(client, theirs))?.id).toBe(theirs);
      // One whose worker died holds no place. A minute ago, as a machine's clock is now and then put back.
      await client.query("update feed_runs set due_at = clock_timestamp() - interval '1 minute' where id = $1", [
        first,
      ]);
      expect(await findOverdue(client)).toContain(third);
      expect((await claimRun(client, third))?.id).toBe(third);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  describe('of an unreleased draw', () => {
    const drawn = (draw_status: Round['draw_status']) => [roundOf(debates(2), { draw_status })];
    const visibilities = async () => (await listed()).map(({ visibility }) => visibility);

    test.each(['N', 'D', 'C'] as const)('%s is refused', async (draw_status) => {
      const { refused } = await run(drawn(draw_status));
      expect(refused).toMatchObject({ code: 'draw_not_released', status: 409, draw_status });
      expect(await listed()).toEqual([]);
    });

    test('is private until it is released, and is withdrawn when it is taken back', async () => {
      const unreleased = { round: 1, unreleased: true, visibility: 'public' };
      expect(await run(drawn('C'), unreleased)).toMatchObject({ create: { length: 2 } });
      expect(await visibilities()).toEqual(['private', 'private']);
      expect((await run(drawn('D'), unreleased)).refused).toMatchObject({ code: 'draw_not_released' });
      expect(await run(drawn('R'), {}, 'sync')).toMatchObject({
        rounds: 1,
        debates: 2,
        people: 16,
        change: { length: 2 },
      });
      expect(await visibilities()).toEqual(['public', 'public']);
      const [first] = await listed();
      await must(post(stack.url, `/api/assignment/${first!.id}/update`, people.admin, { visibility: 'institution' }));
      expect(await run([roundOf([], { draw_status: 'D' })], {}, 'sync')).toMatchObject({ change: { length: 1 } });
      // What an admin has set here stays.
      expect((await visibilities()).sort()).toEqual(['institution', 'private']);
    });

    test('that was released before is withdrawn by an import that is refused, and by no dry run', async () => {
      await run(drawn('R'));
      expect((await run(drawn('C'), { round: 1, dry_run: true })).refused).toMatchObject({ code: 'draw_not_released' });
      expect(await visibilities()).toEqual(['institution', 'institution']);
      expect((await run(drawn('C'))).refused).toMatchObject({ code: 'draw_not_released', draw_status: 'C' });
      expect(await visibilities()).toEqual(['private', 'private']);
      expect((await run(drawn('C'))).refused).toMatchObject({ code: 'draw_not_released' });
      expect(await run(drawn('R'), {}, 'sync')).toMatchObject({ change: { length: 2 } });
      expect(await visibilities()).toEqual(['institution', 'institution']);
    });
  });

  describe('beside an admin who settles a conflict', () => {
    const moved = [roundOf(debates(6, (n) => (n === 1 ? { venue: { id: 'v', name: 'Hall 1' } } : {})))];
    const settle = () => post(stack.url, `/api/feed/${feed_id}/conflict/1`, people.admin, { take: 'ours' });

    /** The courtroom of the first debate was changed here and there. */
    async function disagree(): Promise<void> {
      await run([roundOf(debates(6))]);
      const [first] = (await listed()).filter(({ courtroom }) => courtroom === 'Room 1');
      await must(post(stack.url, `/api/assignment/${first!.id}/update`, people.admin, { courtroom: 'Courtroom 7' }));
      expect((await run(moved)).conflicts).toHaveLength(1);
    }

    test('while it plans, keeps what was settled', async () => {
      await disagree();
      let isSettled = false;
      const connect = async () => {
        if (!isSettled) await must(settle());
        isSettled = true;
        return worker.connect();
      };
      const pool = { connect, query: worker.query.bind(worker) } as unknown as pg.Pool;
      const claimed = await ask({ round: 1 });
      await endRun(worker, claimed, await importRound(importing(moved, { pool }), claimed, goOn));
      expect(isSettled).toBe(true);
      expect(await run(moved)).toMatchObject({ change: [], conflicts: [] });
    });

    test('while it keeps what was applied of other fields, undoes nothing of them', async () => {
      await disagree();
      const base = async () =>
        (await stack.pool.query(`select base from feed_mappings where feed_id = $1 and provider_id = 'd1'`, [feed_id]))
          .rows[0].base;
      const keeping = await stack.pool.connect();
      try {
        await keeping.query('begin');
        await keeping.query(
          `update feed_mappings set base = base || '{"title": "Kept"}' where feed_id = $1 and provider_id = 'd1'`,
          [feed_id],
        );
        const settled = settle();
        const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        await expect.poll(async () => (await stack.pool.query(waits)).rowCount, { timeout: 20_000 }).toBeGreaterThan(0);
        await keeping.query('commit');
        await must(settled);
      } finally {
        keeping.release(true);
      }
      expect(await base()).toMatchObject({ title: 'Kept', courtroom: 'Hall 1' });
    });
  });

  test('is refused by its round and by its site, and changes nothing then', async () => {
    expect((await run([roundOf(debates(1))], { round: 2 })).refused).toMatchObject({
      ...{ code: 'validation_failed', status: 422 },
      errors: [{ pointer: '/round' }],
    });
    const failing = (code: OutboundCode) => run(new OutboundError(code, { status: 500, retry_after_ms: 7_000 }));
    expect((await failing('breaker_open')).refused).toMatchObject({ code: 'breaker_open', retry_after_ms: 7_000 });
    for (const code of ['timeout', 'unreadable', 'not_permitted', 'no_secret', 'quota_spent'] as const) {
      expect((await failing(code)).refused).toMatchObject({ code: 'provider_failed', status: 409, why: code });
    }
    expect(await listed()).toEqual([]);
  });

  test('that asks who may be drawn is told where the site says so, and is refused where it does not', async () => {
    const claimed = await ask({ availabilities: 2 }, 'sync');
    const fetchAvailabilities: Importing['fetchAvailabilities'] = async (_, round) => ({
      ...{ teams: [`of ${round}`], adjudicators: [], venues: [] },
    });
    const told = await importRound(importing([roundOf([])], { fetchAvailabilities }), claimed, goOn);
    const availabilities = { round: 2, teams: ['of 2'], adjudicators: [], venues: [] };
    expect(told).toMatchObject({ state: 'done', answer: { rounds: 1, availabilities } });
    await endRun(worker, claimed, told);
    expect(await run([roundOf([])], { availabilities: 2 }, 'sync')).toMatchObject({
      refused: { code: 'validation_failed', errors: [{ pointer: '/availabilities' }] },
    });
    expect(await run([roundOf([])], {}, 'sync')).not.toHaveProperty('availabilities');
  });

  test('looks at the feed and at who asked again when it runs', async () => {
    const rounds = [roundOf(debates(1))];
    const refusedAs = async (actor: Actor, between: () => Promise<unknown> = async () => {}) => {
      const claimed = await ask({ round: 1 }, 'import', actor);
      await between();
      const ending = await importRound(importing(rounds), claimed, goOn);
      await endRun(worker, claimed, ending);
      return (ending as Json).problem?.code;
    };
    const own = actorOf(people);
    expect(await refusedAs({ ...own, institution_id: randomUUID() })).toBe('forbidden');
    expect(await refusedAs({ ...own, role: 'judge' })).toBe('forbidden');
    const late = await ask({ round: 1 });
    const hour_ago = new Date(Date.parse(late.asked_at) - 3_600_000).toISOString();
    const refusal = await importRound(importing(rounds), { ...late, asked_at: hour_ago }, goOn);
    expect(refusal).toMatchObject({ state: 'refused', problem: { code: 'forbidden' } });
    await endRun(worker, late, refusal);
    const revoke = () => post(stack.url, '/ops/tokens/revoke', people.admin, { user_id: own.id });
    const second = cast(people.institution_id);
    expect(await refusedAs(own, () => must(revoke()))).toBe('forbidden');
    const act = (verb: string) => must(post(stack.url, `/api/feed/${feed_id}/${verb}`, second.admin));
    expect(await refusedAs(actorOf(second), () => act('disable'))).toBe('feed_disabled');
    expect(await refusedAs(actorOf(second), () => act('remove'))).toBe('not_found');
    expect((await must(get(stack.url, '/api/assignment/list', second.admin))).items).toEqual([]);
  });

  describe('whose token was revoked or has ended while it waited', () => {
    const token = (more: Partial<RunToken> = {}): RunToken => ({
      ...{ names: [['sub', people.admin.id]], issued_at: null, taken_until: Date.now() / 1_000 + 3_600, ...more },
    });
    const rounds = () => [roundOf(debates(2))];
    const refusedFor = (detail: RegExp) => ({
      ...{ state: 'refused', problem: { code: 'forbidden', detail: expect.stringMatching(detail) } },
    });

    test('is not begun, and its asker is told so', async () => {
      const jti = randomUUID();
      const { institution_id, id } = people.admin;
      const asker = person('admin', { institution_id, id, claims: { jti } });
      const before = await ask({ round: 1 });
      const asked = await post(stack.url, `/api/feed/${feed_id}/sync`, asker, {}, { prefer: 'wait=0' });
      expect(asked.status).toBe(202);
      await must(post(stack.url, '/ops/tokens/revoke', people.admin, { jti }));
      await endRun(worker, before, { state: 'failed', error: 'given up' });
      const outcome = () => get(stack.url, `/api/feed/${feed_id}/run/${asked.body.run_id}`, people.admin);
      const refusal = { status: 403, body: { code: 'forbidden', detail: expect.stringContaining('was revoked') } };
      await expect.poll(outcome, { timeout: 20_000 }).toMatchObject(refusal);
      const { rows } = await stack.pool.query('select token from feed_runs where id = $1', [asked.body.run_id]);
      expect(rows).toEqual([{ token: null }]);
    });

    test('is looked at with the end of its token, unless it was begun before', async () => {
      const ended = token({ taken_until: Date.now() / 1_000 - 1 });
      const late = await ask({ round: 1 });
      const ending = await importRound(importing(rounds()), { ...late, token: ended }, goOn);
      expect(ending).toMatchObject(refusedFor(/has ended/));
      await endRun(worker, late, ending);
      const dying = importing(rounds(), {
        reach() {
          throw new Death();
        },
      });
      const first = await ask({ round: 1 });
      await expect(importRound(dying, { ...first, token: token() }, goOn)).rejects.toThrow(Death);
      const again = { ...(await claimAgain(first)), token: ended };
      expect(await importRound(importing(rounds()), again, goOn)).toMatchObject({ state: 'done' });
      await endRun(worker, again, { state: 'failed', error: 'told above' });
    });

    test('is done with a token that was issued since another of the same user was revoked, and not halfway with that one', async () => {
      const dying = importing(rounds(), {
        reach() {
          throw new Death();
        },
      });
      const first = await ask({ round: 1 });
      await expect(importRound(dying, { ...first, token: token() }, goOn)).rejects.toThrow(Death);
      await must(post(stack.url, '/ops/tokens/revoke', people.admin, { user_id: people.admin.id }));
      const again = await claimAgain(first);
      const ending = await importRound(importing(rounds()), { ...again, token: token() }, goOn);
      expect(ending).toMatchObject(refusedFor(/was revoked/));
      await endRun(worker, again, ending);
      const second = await ask({ round: 1 });
      const newer = token({ issued_at: Date.now() / 1_000 + 60 });
      expect(await importRound(importing(rounds()), { ...second, token: newer }, goOn)).toMatchObject({
        state: 'done',
      });
      await endRun(worker, second, { state: 'failed', error: 'told above' });
    });
  });

  describe('is held by the database', () => {
    const command = (name: string, input: Json, actor: Actor, scope = `feed:${feed_id}`) =>
      submission(catalog, name, input, actor, {
        ...{ institution_id: people.institution_id, idempotency: { scope, key: randomUUID() } },
      });
    const body = () => {
      const personOf = (name: string) => ({ user_id: randomUUID(), name });
      return {
        ...{ title: 'A v. B', courtroom: 'Room 1', scheduled_at: '2027-03-01T09:30:00.000Z', visibility: 'private' },
        ...{ petitioner: [personOf('A')], respondent: [personOf('B')], panel: [personOf('C')], moderators: [] },
        ...{ format: 'moot-20', moderators_run: false, gallery: 'off', institution_id: people.institution_id },
      };
    };
    const refused = async (one: ReturnType<typeof command>) =>
      expect(acceptCommands(inbox, [one])).rejects.toMatchObject({ code: '42501' });

    test('to four commands, about matches of its own institution, in the name of one of its admins', async () => {
      const own = actorOf(people);
      const [match] = await acceptCommands(inbox, [command('assignment.create', body(), own)]);
      expect(match).toMatchObject({ joined: false });
      const stranger: Actor = { ...own, institution_id: randomUUID() };
      await refused(command('assignment.create', body(), stranger));
      await refused(command('assignment.create', body(), { ...own, role: 'judge' }));
      await refused(command('assignment.create', { ...body(), institution_id: randomUUID() }, own));
      await refused(command('assignment.create', body(), own, 'system'));
      await refused(command('assignment.create', body(), own, `feed:${randomUUID()}`));
      await refused(command('tokens.revoke', { user_id: own.id }, own));
      await refused(command('feed.remove', { feed_id, owner: people.institution_id }, own));
      await refused(command('session.create', { assignment_id: randomUUID() }, own));
      const others = cast();
      const theirs = await must(
        post(stack.url, '/api/assignment/create', others.admin, { ...body(), institution_id: others.institution_id }),
      );
      await refused(command('assignment.update', { assignment_id: theirs.result.id, courtroom: 'Mine' }, own));
      await refused(command('assignment.cancel', { assignment_id: theirs.result.id, reason: 'Mine.' }, own));
      await must(post(stack.url, `/api/feed/${feed_id}/disable`, people.admin));
      await refused(command('assignment.create', body(), own));
    });

    test('to reading how its own commands stand, and nothing of what others ask', async () => {
      await must(post(stack.url, '/api/assignment/create', people.admin, body()));
      const { rows } = await inbox.query('select idempotency_scope from commands');
      expect(rows.filter(({ idempotency_scope }) => !String(idempotency_scope).startsWith('feed:'))).toEqual([]);
      await expect(inbox.query('select input from commands')).rejects.toMatchObject({ code: '42501' });
      await expect(inbox.query('delete from commands')).rejects.toMatchObject({ code: '42501' });
      await expect(inbox.query('insert into events default values')).rejects.toMatchObject({ code: '42501' });
    });
  });

  test('of a large round makes all of it, and nothing of it again', async () => {
    const count = isEverything ? 200 : 60;
    expect(await run([roundOf(debates(count))])).toMatchObject({ create: { length: count }, left: [] });
    expect(await run([roundOf(debates(count))])).toMatchObject({ create: [], change: [] });
  });
});
