/** A command that cannot be applied is tried three times in its place, then set aside; nobody else pays for it. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { amountAt } from '../support/amounts.ts';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { get, person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, commandState, shareScene } from './scene.ts';

/** The runbook's own words. */
const [, SET_ASIDE = ''] = /```sql\n(update commands [^`]+)```/.exec(readFileSync('docs/runbook.md', 'utf8')) ?? [];

describe.skipIf(inject('redisUrl') === null)('a poisonous command', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => {
      // The worker of the first test is followed by an honest one.
      const [api, poisoned] = await Promise.all([scene.startApi(), scene.startEntry('poisonedWorker')]);
      return { scene, api, poisoned };
    },
  );

  test('that faults is tried three times in order while others go on, is dead, and can be redriven once', async () => {
    const { scene, api, poisoned } = shared();
    const [ill, well] = (await scene.openSessions(api, 2)) as [string, string];
    const { admin } = scene.people;
    const poison = await acceptEntry(scene, api, ill, { poison: 'throw' });
    const after = [await acceptEntry(scene, api, ill, { n: 1 }), await acceptEntry(scene, api, ill, { n: 2 })];

    const other = await post(api.url, `/api/session/${well}/log`, admin, { event_type: 'ENTRY', details: {} });
    expect(other.status).toBe(200);
    expect(await commandState(api, poison)).toMatchObject({ status: 'accepted' });
    for (const id of after) expect(await commandState(api, id)).toMatchObject({ status: 'accepted', attempts: 0 });

    await untilSettled(scene.database.pool);
    const problem = { code: 'command_dead', status: 500, command_id: poison, instance: `/api/command/${poison}` };
    expect(await commandState(api, poison)).toMatchObject({ status: 'dead', attempts: 3, problem });
    const [first, second] = await Promise.all(after.map((id) => commandState(api, id)));
    expect(first).toMatchObject({ status: 'applied', attempts: 1 });
    expect(second!.sequence_from).toBe(first!.sequence_from + 1);
    const letters = await scene.openQueue('dead-letters');
    await until('it is among the dead letters', () => letters.getJob(`dead-${poison}`));
    await until('its death is counted', async () => (await get(api.url, '/health', null)).body.queue.dead === 1);

    for (const name of ['command_retries_total', 'dead_commands_total']) {
      await until(`${name} moves`, async () => (await amountAt(name, [poisoned])) > 0);
    }
    poisoned.signal('SIGTERM');
    expect(await poisoned.exited).toEqual({ code: 0, signal: null });
    await scene.startWorker();
    const redrive = (id: string, who = person('super_admin')) => post(api.url, `/api/command/${id}/redrive`, who, {});
    expect((await redrive(poison, admin)).status).toBe(403);
    const again = await redrive(poison);
    expect(again).toMatchObject({ status: 200, body: { status: 'applied' } });
    expect(again.body.command_id).not.toBe(poison);
    const joined = await redrive(poison);
    expect(joined.body).toEqual(again.body);
    expect(joined.headers.get('idempotent-replayed')).toBe('true');
    expect(await redrive(after[0]!)).toMatchObject({ status: 409, body: { code: 'not_dead' } });
    expect(await commandState(api, poison)).toMatchObject({ status: 'dead', attempts: 3 });
    const { rows } = await scene.database.pool.query('select id, actor_id from commands where redrive_of = $1', [
      poison,
    ]);
    expect(rows).toEqual([{ id: again.body.command_id, actor_id: admin.id }]);
    await checkHistory(scene.database, []);
  });

  test('that the database refuses does not hurt the rest of its batch', async () => {
    const { scene, api } = shared();
    const sessions = await scene.openSessions(api, 4);
    await scene.database.pool.query(`
      create function refuse_cursed() returns trigger language plpgsql as
        $$ begin raise exception 'cursed' using errcode = 'data_exception'; end $$;
      create trigger cursed before insert on events for each row when (new.event_type = 'CURSED')
        execute function refuse_cursed()`);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions, headers: { prefer: 'wait=30' } });
    await load.answered(20);
    const { rows: earlier } = await scene.database.pool.query(`select id from commands where status = 'dead'`);
    const cursed = await Promise.all(sessions.slice(0, 2).map((id) => acceptEntry(scene, api, id, {}, 'CURSED')));
    const codes = await Promise.all(
      cursed.map((id) =>
        until('it is dead', async () => {
          const { status, attempts, problem } = await commandState(api, id);
          return status === 'dead' && [attempts, problem.code];
        }),
      ),
    );
    expect(codes).toEqual([
      [3, 'command_dead'],
      [3, 'command_dead'],
    ]);
    await load.answered(50);
    await scene.database.pool.query('drop function refuse_cursed cascade');
    const rows = await checkHistory(scene.database, await load.stop());
    expect(
      rows
        .filter(({ status }) => status !== 'applied')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...cursed, ...earlier.map(({ id }) => id as string)].sort());
  });

  test('whose rows were taken from under it is set aside, and does not stop the world', async () => {
    const { scene, api } = shared();
    const [ill, well] = (await scene.openSessions(api, 2)) as [string, string];
    const { petitioner } = scene.people;
    const join = (session: string, prefer: string) =>
      post(api.url, `/api/session/${session}/join`, petitioner, { role: 'petitioner' }, { prefer });
    expect((await join(ill, 'wait=5')).status).toBe(200);
    const { rows } = await scene.database.pool.query('delete from session_participations returning *');
    const { body } = await join(ill, 'respond-async');
    for (const session of [ill, well])
      await until(
        'others go on',
        async () => (await commandState(api, await acceptEntry(scene, api, session, {}))).status,
      );
    await untilSettled(scene.database.pool);
    expect(await commandState(api, body.command_id)).toMatchObject({ status: 'dead', attempts: 3 });
    await scene.database.pool.query(
      'insert into session_participations select * from json_populate_recordset(null::session_participations, $1)',
      [JSON.stringify(rows)],
    );
    await checkHistory(scene.database, []);
  });

  test.runIf(isEverything)(
    'of a kind of stream that nobody of ours makes is set aside; of a name that only a newer version knows is left to it',
    async () => {
      const { scene, api } = shared();
      const [session] = await scene.openSessions(api, 1);
      const { rows } = await scene.database.pool.query<{ id: string }>(
        `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id)
       select gen_random_uuid(), name, stream, array[stream], '{}', 'system', 'super_admin', 'nobody', 'none'
       from (values ('session.forget', $1), ('session.log', 'moon:1')) as t (name, stream) returning id`,
        [`session:${session}`],
      );
      const [forget, moon] = rows.map(({ id }) => id) as [string, string];
      const after = await acceptEntry(scene, api, session!, {});
      await until('the stream of the moon is dead', async () => (await commandState(api, moon)).status === 'dead');
      expect(await commandState(api, moon)).toMatchObject({ attempts: 3 });
      const told = () => scene.database.pool.query('select stream, reason from stream_backoffs');
      await until('the other is left', async () => (await told()).rowCount === 1);
      expect((await told()).rows).toEqual([{ stream: `session:${session}`, reason: 'newer' }]);
      for (const id of [forget, after])
        expect(await commandState(api, id)).toMatchObject({ status: 'accepted', attempts: 0 });
      // As the runbook has it, where no newer version will ever come.
      const { rowCount } = await scene.database.pool.query(SET_ASIDE, [forget]);
      expect(rowCount).toBe(1);
      await untilSettled(scene.database.pool);
      expect(await commandState(api, forget)).toMatchObject({ status: 'dead', problem: { code: 'command_dead' } });
      expect(await commandState(api, after)).toMatchObject({ status: 'applied', attempts: 1 });
      const invalid_streams = [{ stream: 'moon:1', issues: ['Unknown kind of stream: moon'] }];
      await checkHistory(scene.database, [], { invalid_streams });
    },
  );
});
