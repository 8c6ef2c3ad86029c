/**
 * What asks after presence, observers and revocations goes by keys, however many there ever were: the statements that the
 * readers and jobs send, explained over years of both.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expireObservers } from '../../jobs/court/expireObservers.ts';
import { sendForAwaited, sendForChanges, sendForMissing } from '../../jobs/court/presenceOrders.ts';
import { sweepExpired } from '../../jobs/upkeep/sweepExpired.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { readObservers } from '../../src/court/observers/readObservers.ts';
import { readAttending } from '../../src/court/participants/readPresence.ts';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { startRevocations } from '../../src/infra/revocations.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { byKeys, explaining, type Node } from '../support/plans.ts';
import { until } from '../support/processes.ts';

/** Of participations, observations and revocations each. */
const ROWS = 1_000_000;
const EACH = 4;
/** A name that was revoked again and again, and an evening that is under way. */
const [OFTEN, UNDER_WAY] = [ROWS / 10, 100];
const MOST_ROWS = 2_500;
const BIG = ['session_participations', 'session_observations', 'revocations', 'courtroom_sessions'];

let database: TestDatabase;
const pools: pg.Pool[] = [];

const idOf = (n: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const session = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

beforeAll(async () => {
  database = await cloneDatabase();
  // Checks of each row would take longer than all the rest, and have no part in any plan.
  await database.pool.query(`
    set session_replication_role = replica;
    insert into courtroom_sessions (id, assignment_id, institution_id, title, courtroom, visibility, status, metadata, created_at)
    select ${idOf('i')}, ${idOf('i')}, ${idOf('i / 250')}, 'Title', 'Courtroom', 'private', 'pending', '{}', now()
    from generate_series(0, ${ROWS / EACH - 1}) as i;
    insert into session_participations (id, session_id, user_id, name, role, status, joined_at, connection_count, unseen_since)
    select ${idOf('i')}, ${idOf(`i / ${EACH}`)}, ${idOf('i')}, 'Name', 'judge',
      case when i < ${UNDER_WAY} then 'connected' when i < ${2 * UNDER_WAY} then 'reconnecting' else 'disconnected' end,
      now(), 1, case when i between ${UNDER_WAY} and ${2 * UNDER_WAY - 1} then now() end
    from generate_series(0, ${ROWS - 1}) as i;
    insert into presence_judged select session_id, user_id from session_participations where status <> 'disconnected';
    insert into session_observations (id, session_id, user_id, observed_at, left_at)
    select ${idOf('i')}, ${idOf(`i / ${EACH}`)}, ${idOf('i')}, now() - interval '1 day',
      case when i < ${ROWS - UNDER_WAY} then now() - interval '23 hours' end
    from generate_series(0, ${ROWS - 1}) as i;
    insert into revocations (id, claim, value, institution_id, revoked_at, revoked_by, kept_until)
    select ${idOf('i')}, 'sub', case when i < ${OFTEN} then 'often' else 'user ' || i end,
      case when i % 2 = 0 then ${idOf('i / 250')} end, now() - i * interval '1 second', 'somebody',
      now() + interval '1 day'
    from generate_series(0, ${ROWS - 1}) as i;
    set session_replication_role = origin`);
  await database.pool.query('analyze');
}, 480_000);

afterAll(async () => {
  for (const pool of pools) await pool.end();
  await database.drop();
});

function explainedAs(role: Parameters<typeof openPool>[1]): { db: Queryable; plans: Node[] } {
  const pool = openPool(database.url, role, 1, () => {});
  pools.push(pool);
  const plans: Node[] = [];
  return { db: explaining(pool, plans), plans };
}

const expectByKeys = byKeys({ big: BIG, most_rows: MOST_ROWS });

describe('presence', () => {
  test('of two hundred rooms at once', async () => {
    const { db, plans } = explainedAs('relay');
    const ids = Array.from({ length: 200 }, (_, n) => session(n * 7));
    expect((await readAttending(db, ids)).get(ids[1]!)).toHaveLength(EACH);
    expectByKeys(plans, 1);
  });

  test('as the job asks for it: of what changed, of those that are awaited, of those that are missing', async () => {
    const { db, plans } = explainedAs('worker');
    const changed = Array.from({ length: 200 }, (_, n) => {
      return { session_id: session(Math.floor(n / EACH)), user_id: session(n), is_present: false };
    });
    const presence = {
      changed: async () => changed,
      acknowledge: async () => {},
      arePresent: async (people: readonly object[]) => people.map(() => true),
    };
    const tools = { db, presence: presence as never, send: async () => undefined as never };
    expect(await sendForChanges(tools)).toBe(true);
    expect(await sendForAwaited(tools, () => true)).toBe(true);
    expect((await sendForMissing(tools, new Set())).missing.size).toBe(0);
    expectByKeys(plans, 4);
  });
});

describe('observers', () => {
  test('of one session', async () => {
    const { db, plans } = explainedAs('verifier');
    expect(await readObservers(db, session(3), new Date().toISOString())).toMatchObject({ count: EACH });
    expectByKeys(plans, 1);
  });

  test('that were never left, as the job looks for them', async () => {
    const { db, plans } = explainedAs('worker');
    const lapses = async (ids: readonly string[]) => ({ lapsed_ms: ids.map(() => -1), known_ms: 0, is_whole: false });
    const tools = {
      pool: db,
      observers: { lapses },
      isOver: () => false,
      progress: async () => {},
      send: async () => {},
    };
    expect(await expireObservers.run(tools as never)).toMatchObject({ is_complete: true });
    expectByKeys(plans, 2);
  });
});

describe('revocations', () => {
  test('of a token that is met, though its name was revoked again and again, and the latest each second', async () => {
    const { db, plans } = explainedAs('relay');
    const log = pino({ level: 'silent' });
    const revocations = startRevocations({ db, broadcast: createInProcessBroadcast(), log });
    const origin = { institution_id: randomUUID(), role: 'judge', issued_at: null };
    expect(await revocations.isRevoked({ ...origin, names: [['sub', 'often']] })).toBe(true);
    expect(await revocations.isRevoked({ ...origin, names: [['sub', 'never']] })).toBe(false);
    await until('the latest were read twice', () => plans.length >= 4);
    revocations.close();
    expectByKeys(plans, 4);
  });

  test('that end nothing any more, as the job removes them', async () => {
    const { db, plans } = explainedAs('worker');
    await sweepExpired.run({ pool: db, isOver: () => false, progress: async () => {} } as never);
    expectByKeys(plans, 1);
  });
});
