/**
 * The hot path goes by keys, whatever the tables hold: what a whole system really sends is listened to, over an inbox and
 * a record of many thousands of rows, of hundreds of thousands in all of the suite, and then explained. A statement that is new is heard like any other.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import { type DatabaseRole, openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { untilSettled } from '../support/checkHistory.ts';
import { cast, get, must, openSession, person, post, send } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { FORM, field, file, formOf, PDF } from '../support/exhibits.ts';
import { type Listener, listenOnWebSocket } from '../support/listener.ts';
import { type Node, nodesOf, planOf, rowsRead, walksOf } from '../support/plans.ts';
import { until } from '../support/processes.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { submission } from '../support/submissions.ts';
import { expectIntact } from '../support/verdict.ts';

/** Enough that every table of the path is larger than what the planner reads whole. */
const ROWS = isEverything ? 500_000 : 60_000;
const EVENTS_EACH = isEverything ? 20 : 4;
/** Rows that one statement may read: those of a batch, of a page or of one session, and never those of a table. */
const MOST_ROWS = 2_500;
/** Whose statements are the hot path. What the API reads in a scope is explained in plans.test.ts. */
const ROLES: DatabaseRole[] = ['door', 'worker', 'relay'];
/** Whose plans are for all values: each of the door's, and those of an applier's transaction. */
const PLANNED_ONCE: readonly DatabaseRole[] = ['door', 'worker'];
/** Without these the path was not walked. */
const HEARD = [
  ...['accept-commands', 'read-earlier', 'find-key', 'lock-streams', 'read-pending', 'write-batch'],
  ...['publish-backoffs', 'door-standing', 'read-heads'],
];

interface Sent {
  role: DatabaseRole;
  name: string | undefined;
  text: string;
  values: unknown[];
}

const sent = new Map<string, Sent>();
const query = pg.Client.prototype.query;
let stack: Stack;
let listener: Listener;

/** Every statement with its last values. */
function listen(database: string): void {
  pg.Client.prototype.query = function (this: pg.Client, ...args: never[]) {
    const [asked, given] = args as unknown as [string | pg.QueryConfig, unknown];
    const { application_name } = (this as unknown as { connectionParameters: { application_name: string } })
      .connectionParameters;
    const role = ROLES.find((one) => application_name === `plearoll-${one}`);
    const { text, name, values } = typeof asked === 'string' ? { text: asked, name: undefined, values: [] } : asked;
    const isWork = /^\s*(select|with|insert|update|delete)\b/i.test(text ?? '');
    if (role && isWork && this.database === database) {
      const known = Array.isArray(given) ? given : (values ?? []);
      sent.set(`${role} ${text}`, { role, name, text, values: known });
    }
    return (query as (...all: never[]) => unknown).apply(this, args);
  } as typeof query;
}

beforeAll(async () => {
  stack = await startStack();
  await fill(stack.pool);
  listen(new URL(stack.database.url).pathname.slice(1));
}, 480_000);

afterAll(async () => {
  pg.Client.prototype.query = query;
  listener?.close();
  await stack?.stop();
});

/** A week of an inbox, and as many events, in sessions of which none is under way. */
async function fill(pool: pg.Pool): Promise<void> {
  // Checks of each row would take longer than all the rest, and have no part in any plan.
  const uuid = (n: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
  const stream = `'session:' || ${uuid(`i / ${EVENTS_EACH}`)}`;
  const matches = ROWS / EVENTS_EACH - 1;
  await pool.query(`
    alter table events drop constraint ck_event_hash, drop constraint ck_event_stream;
    set session_replication_role = replica;
    insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id,
      idempotency_scope, idempotency_key, fingerprint, accepted_at, status, attempts, finished_at, outcome)
    select ${uuid('i')}, 'session.log', ${stream}, array[${stream}], '{}', 'somebody', 'admin', ${uuid('i / 5000')}, 'r', 'q',
      'scope ' || i / 5000, 'key ' || i, '', now() - interval '1 day', 'applied', 1, now() - interval '1 day', '{}'
    from generate_series(0, ${ROWS - 1}) as i;
    insert into streams select 'session:' || ${uuid('i')}, ${EVENTS_EACH}, sha256(''), now() from generate_series(0, ${matches}) as i;
    insert into events
    select ${stream}, 1 + i % ${EVENTS_EACH}, ${uuid('i')}, 'NOTE', 'system', 'epoch', sha256(''),
      decode(lpad(case when i % ${EVENTS_EACH} = 0 then '0' else to_hex(i) end, 64, '0'), 'hex'), sha256('')
    from generate_series(0, ${ROWS - 1}) as i;
    insert into event_payloads select stream, sequence, sha256(''), '{}' from events;
    insert into assignments (id, institution_id, title, courtroom, scheduled_at, visibility, format, created_at)
    select ${uuid('i')}, ${uuid('i / 250')}, 'Title', 'Courtroom', now(), 'private', '"moot-20"', now()
    from generate_series(0, ${matches}) as i;
    insert into courtroom_sessions (id, assignment_id, institution_id, title, courtroom, visibility, status, metadata, created_at)
    select ${uuid('i')}, ${uuid('i')}, ${uuid('i / 250')}, 'Title', 'Courtroom', 'private', 'pending', '{}', now()
    from generate_series(0, ${matches}) as i;
    insert into rosters (assignment_id, user_id, role, name, presiding, place)
    select ${uuid('i')}, md5(i || role)::uuid, role, 'Name', role = 'judge', 0
    from generate_series(0, ${matches}) as i, unnest(array['petitioner', 'respondent', 'judge']) as role;
    set session_replication_role = origin`);
  await pool.query('analyze');
}

/** What an evening asks of the system: commands new and sent again, a lock, a lost doorbell, listeners who come back. */
async function play(): Promise<void> {
  const people = cast();
  const { session_id, assignment_id, path } = await openSession(stack.url, people, { visibility: 'public' });
  const { admin, petitioner } = people;
  const entry = (n: number) => ({ event_type: 'ENTRY', details: { n } });
  const key = { 'idempotency-key': randomUUID() };
  listener = await listenOnWebSocket(stack.relayUrl, { token: petitioner.token, session_id });
  await must(post(stack.url, `${path}/join`, petitioner, { role: 'petitioner' }));
  for (const _ of [1, 2]) await must(post(stack.url, `${path}/log`, admin, entry(1), key));
  const { events } = await must(
    post(stack.url, `${path}/log`, admin, { event_type: 'NOTE', details: { text: 'Ill.' } }),
  );
  const { event_sequence } = (events as { event_sequence: number }[])[0]!;
  const superAdmin = person('super_admin');
  await must(post(stack.url, `${path}/erase`, superAdmin, { event_sequence, reason: 'personal_data' }));
  await must(post(stack.url, `${path}/observe`, null));
  const later = await post(stack.url, `${path}/log`, admin, entry(2), { prefer: 'respond-async' });
  await get(stack.url, `/api/command/${later.body.command_id}`, admin, { prefer: 'wait=5' });
  const form = formOf(field('title', 'The charter party'), file(PDF));
  await must(send(stack.url, 'POST', `${path}/exhibit/upload`, petitioner, form, { 'content-type': FORM, ...key }));
  // Another worker's doorbell, lost: the overdue poll finds it. Locked meanwhile, it is told of.
  const stranger = await stack.pool.connect();
  await stranger.query('begin');
  await stranger.query('select from streams where stream = $1 for update', [`session:${session_id}`]);
  const lost = submission(
    catalog,
    'session.log',
    { session_id, ...entry(3) },
    { ...admin, role: 'admin' },
    { assignment_id },
  );
  await acceptCommands(stack.pool as never, [lost]);
  await until('it is told that it waits', () => [...sent.values()].some(({ name }) => name === 'publish-backoffs'));
  await stranger.query('rollback');
  stranger.release();
  await untilSettled(stack.pool);
  await listener.until(({ type, payload }) => type === 'EVENT' && payload?.n === 3);
  const again = await listenOnWebSocket(stack.relayUrl, { token: petitioner.token, session_id, last_sequence: 1 });
  await again.until(({ type, payload }) => type === 'EVENT' && payload?.n === 3);
  again.close();
  const missing = () => HEARD.filter((name) => ![...sent.values()].some((one) => one.name === name));
  await expect.poll(missing, { timeout: 30_000 }).toEqual([]);
  await expectIntact(stack.url, session_id, admin);
}

/** As it was planned there, or where its values were good only once, as it would be; never kept. */
async function explain(pool: pg.Pool, statement: Sent): Promise<Node> {
  const client = await pool.connect();
  try {
    for (const isRun of [true, false]) {
      await client.query('begin');
      try {
        return await planOf(client, statement, { isRun });
      } catch (fault) {
        if (!isRun) throw fault;
      } finally {
        await client.query('rollback');
      }
    }
    throw new Error('unreachable');
  } finally {
    client.release();
  }
}

async function bigTables(): Promise<Set<string>> {
  const { rows } = await stack.pool.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples > 10000`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** As it is planned once for all values. Before version 16 that cannot be asked for. */
async function explainForAnyValues(pool: pg.Pool, { text }: Sent): Promise<Node | undefined> {
  if ((await pool.query(`select current_setting('server_version_num')::int < 160000 as is_old`)).rows[0].is_old) {
    return undefined;
  }
  const { rows } = await pool.query(`explain (generic_plan, format json) ${text}`);
  return rows[0]['QUERY PLAN'][0].Plan;
}

test('the hot path reads what it needs by keys, whatever the tables hold', { timeout: 300_000 }, async () => {
  const big = await bigTables();
  expect([...big].sort()).toEqual(
    expect.arrayContaining(['assignments', 'commands', 'event_payloads', 'events', 'rosters', 'streams']),
  );
  await play();
  const statements = [...sent.values()];
  const faults: object[] = [];
  for (const role of ROLES) {
    const pool = openPool(stack.database.url, role, 1, () => {});
    for (const one of statements.filter((each) => each.role === role)) {
      const nodes = nodesOf(await explain(pool, one));
      const walks = walksOf(nodes).filter((table) => big.has(table));
      const read = nodes.reduce((sum, node) => sum + rowsRead(node), 0);
      const of = { role, name: one.name, text: one.text.slice(0, 300) };
      if (walks.length > 0) faults.push({ ...of, walks });
      const general = PLANNED_ONCE.includes(role) ? await explainForAnyValues(pool, one) : undefined;
      const always = general ? walksOf(nodesOf(general)).filter((table) => big.has(table)) : [];
      if (always.length > 0) faults.push({ ...of, always });
      if (read > MOST_ROWS) faults.push({ ...of, read });
    }
    await pool.end();
  }
  expect(faults).toEqual([]);
});
