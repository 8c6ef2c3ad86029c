/** A command that cannot be applied is tried three times in its place, then set aside; nobody else pays for it. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { get, type Json, person, post } from '../support/client.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, type Scene } from './scene.ts';

const ASYNC = { prefer: 'respond-async' };

describe.skipIf(inject('redisUrl') === null)('a poisonous command', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('that faults is tried three times in order while others go on, is dead, and can be redriven once', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, poisoned] = await Promise.all([scene.startApi(), scene.startEntry('poisonedWorker')]);
    const [ill, well] = (await scene.openSessions(api, 2)) as [string, string];
    const { admin } = scene.people;
    const poison = await log(scene, api, ill, { poison: 'throw' });
    const after = [await log(scene, api, ill, { n: 1 }), await log(scene, api, ill, { n: 2 })];

    const other = await post(api.url, `/api/session/${well}/log`, admin, { event_type: 'ENTRY', details: {} });
    expect(other.status).toBe(200);
    expect(await state(scene, api, poison)).toMatchObject({ status: 'accepted' });
    for (const id of after) expect(await state(scene, api, id)).toMatchObject({ status: 'accepted', attempts: 0 });

    await untilSettled(scene.database.pool);
    const problem = { code: 'command_dead', status: 500, command_id: poison, instance: `/api/command/${poison}` };
    expect(await state(scene, api, poison)).toMatchObject({ status: 'dead', attempts: 3, problem });
    const [first, second] = await Promise.all(after.map((id) => state(scene, api, id)));
    expect(first).toMatchObject({ status: 'applied', attempts: 1 });
    expect(second!.sequence_from).toBe(first!.sequence_from + 1);
    const letters = await scene.openQueue('dead-letters');
    await until('it is among the dead letters', () => letters.getJob(`dead-${poison}`));
    await until('its death is counted', async () => (await get(api.url, '/health', null)).body.queue.dead === 1);

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
    expect(await state(scene, api, poison)).toMatchObject({ status: 'dead', attempts: 3 });
    const { rows } = await scene.database.pool.query('select id, actor_id from commands where redrive_of = $1', [
      poison,
    ]);
    expect(rows).toEqual([{ id: again.body.command_id, actor_id: admin.id }]);
    await checkHistory(scene.database, []);
  });

  test('that kills its worker each time is dead after three attempts, and no neighbour dies with it', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, first] = await Promise.all([scene.startApi(), scene.startEntry('poisonedWorker')]);
    const sessions = await scene.openSessions(api, 8);
    first.signal('SIGKILL');
    await first.exited;
    const poison = await log(scene, api, sessions[0]!, { poison: 'kill' });
    const neighbours: string[] = [];
    for (let n = 0; n < 24; n += 1) neighbours.push(await log(scene, api, sessions[n % 8]!, { n }));
    await letTimePass(scene);

    const deaths = await untilSettledBy(scene, 1);
    expect(await state(scene, api, poison)).toMatchObject({ status: 'dead', attempts: 3 });
    for (const id of neighbours) expect(await state(scene, api, id)).toMatchObject({ status: 'applied' });
    expect(deaths).toBe(3);
    await checkHistory(scene.database, []);
  });

  test('that kills its worker each time does so three times, however many doorbells ring for its stream', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, first] = await Promise.all([scene.startApi(), scene.startEntry('poisonedWorker')]);
    const sessions = await scene.openSessions(api, 2);
    first.signal('SIGKILL');
    await first.exited;
    const poison = await log(scene, api, sessions[0]!, { poison: 'kill' });
    const load = startLoad({
      apis: [api.url],
      people: scene.people,
      sessions,
      clients: 8,
      headers: { prefer: 'wait=1' },
    });
    await letTimePass(scene);
    const deaths = await untilSettledBy(scene, 2, poison);
    await load.answered(50);
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.filter(({ status }) => status === 'dead').map(({ id }) => id)).toEqual([poison]);
    expect(deaths).toBeLessThanOrEqual(4);
  });

  test('that kills nobody is not given up because many workers came upon it at once', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, first] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const sessions = await scene.openSessions(api, 1);
    first.signal('SIGKILL');
    await first.exited;
    const waiting = [await log(scene, api, sessions[0]!, { n: 0 }), await log(scene, api, sessions[0]!, { n: 1 })];
    await letTimePass(scene);
    const client = await scene.database.pool.connect();
    try {
      await client.query('begin');
      await client.query('select from streams where stream = $1 for update', [`session:${sessions[0]}`]);
      const workers = await Promise.all(Array.from({ length: 5 }, () => scene.startWorker()));
      const text = `select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'plearoll-worker'
        and datname = current_database()`;
      await until(
        'all have come upon it',
        async () => (await scene.database.pool.query(text)).rowCount! >= workers.length,
      );
      await client.query('commit');
    } finally {
      client.release();
    }
    await untilSettled(scene.database.pool);
    for (const id of waiting) expect(await state(scene, api, id)).toMatchObject({ status: 'applied', attempts: 1 });
    await checkHistory(scene.database, []);
  });

  test('that the database refuses does not hurt the rest of its batch', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const sessions = await scene.openSessions(api, 4);
    await scene.database.pool.query(`
      create function refuse_cursed() returns trigger language plpgsql as
        $$ begin raise exception 'cursed' using errcode = 'data_exception'; end $$;
      create trigger cursed before insert on events for each row when (new.event_type = 'CURSED')
        execute function refuse_cursed()`);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions, headers: { prefer: 'wait=30' } });
    await load.answered(20);
    const cursed = await Promise.all(sessions.slice(0, 2).map((id) => log(scene, api, id, {}, 'CURSED')));
    const codes = await Promise.all(
      cursed.map((id) =>
        until('it is dead', async () => {
          const { status, attempts, problem } = await state(scene, api, id);
          return status === 'dead' && [attempts, problem.code];
        }),
      ),
    );
    expect(codes).toEqual([
      [3, 'command_dead'],
      [3, 'command_dead'],
    ]);
    await load.answered(50);
    await scene.database.pool.query('drop trigger cursed on events');
    const rows = await checkHistory(scene.database, await load.stop());
    expect(
      rows
        .filter(({ status }) => status !== 'applied')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...cursed].sort());
  });

  test('whose rows were taken from under it is set aside, and does not stop the world', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const [ill, well] = (await scene.openSessions(api, 2)) as [string, string];
    const { petitioner } = scene.people;
    const join = (session: string, prefer: string) =>
      post(api.url, `/api/session/${session}/join`, petitioner, { role: 'petitioner' }, { prefer });
    expect((await join(ill, 'wait=5')).status).toBe(200);
    const { rows } = await scene.database.pool.query('delete from session_participations returning *');
    const { body } = await join(ill, 'respond-async');
    for (const session of [ill, well])
      await until('others go on', async () => (await state(scene, api, await log(scene, api, session, {}))).status);
    await untilSettled(scene.database.pool);
    expect(await state(scene, api, body.command_id)).toMatchObject({ status: 'dead', attempts: 3 });
    await scene.database.pool.query(
      'insert into session_participations select * from json_populate_recordset(null::session_participations, $1)',
      [JSON.stringify(rows)],
    );
    await checkHistory(scene.database, []);
  });

  test('of a name or a kind of stream that nobody knows is set aside', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const [session] = await scene.openSessions(api, 1);
    const { rows } = await scene.database.pool.query<{ id: string }>(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id)
       select gen_random_uuid(), name, stream, array[stream], '{}', 'system', 'super_admin', 'nobody', 'none'
       from (values ('session.forget', $1), ('session.log', 'moon:1')) as t (name, stream) returning id`,
      [`session:${session}`],
    );
    const after = await log(scene, api, session!, {});
    await untilSettled(scene.database.pool);
    const states = await Promise.all(rows.map(({ id }) => state(scene, api, id)));
    for (const one of states) expect(one).toMatchObject({ status: 'dead', attempts: 3 });
    expect(await state(scene, api, after)).toMatchObject({ status: 'applied' });
    const invalid_streams = [{ stream: 'moon:1', issues: ['Unknown kind of stream: moon'] }];
    await checkHistory(scene.database, [], { invalid_streams });
  });
});

/** Accepts a log entry without waiting for it. @returns its command id */
async function log({ people }: Scene, api: Process, session: string, details: Json, event_type = 'ENTRY') {
  const { status, body } = await post(
    api.url,
    `/api/session/${session}/log`,
    people.admin,
    { event_type, details },
    ASYNC,
  );
  expect(status).toBe(202);
  return body.command_id as string;
}

async function state(_: Scene, api: Process, id: string): Promise<Json> {
  const { body } = await get(api.url, `/api/command/${id}`, person('super_admin'));
  return body;
}

/** As if what waits had been accepted a minute ago. */
async function letTimePass({ database }: Scene): Promise<void> {
  await database.pool.query(
    `update commands set accepted_at = accepted_at - interval '1 minute' where status = 'accepted'`,
  );
}

/** Keeps so many poisoned workers alive until all, or one command, is settled. @returns how often one died */
async function untilSettledBy(scene: Scene, count: number, id?: string): Promise<number> {
  let deaths = 0;
  let settled = false;
  const keep = async () => {
    while (!settled) {
      const worker = await scene.startEntry('poisonedWorker');
      await Promise.race([worker.exited, untilOver]);
      if (!worker.isAlive()) deaths += 1;
    }
  };
  const text = `select from commands where status = 'accepted' and ($1::uuid is null or id = $1) limit 1`;
  const untilOver = until(
    'it is settled',
    async () => (await scene.database.pool.query(text, [id ?? null])).rowCount === 0,
    60_000,
  ).finally(() => {
    settled = true;
  });
  await Promise.all([untilOver, ...Array.from({ length: count }, keep)]);
  return deaths;
}
