/**
 * Sees to it that the record says who is in the room: looks every second whose sockets came or went, and whom nobody
 * has seen for half a minute, and sends the command for each; every ten seconds also for who is missing though nobody
 * told. While nothing changes it asks Postgres next to nothing; however many workers look, each change is one command.
 */
import type pg from 'pg';
import type { Catalog } from '../../src/core/definitions/command.ts';
import { pipelined } from '../../src/core/sql/pipelined.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { AWAITED_MS, presenceCommand, type Unsettled } from '../../src/court/participants/presence.ts';
import { REFRESH_MS } from '../../src/infra/presence/presence.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import type { JobTools } from '../job.ts';
import { createSend } from '../send/sendCommand.ts';

export interface PresenceWatch {
  /** One look. @throws when Postgres or Redis does not answer; nothing is lost by that */
  look(): Promise<void>;
  /** Looks now and then every second until `close`. */
  start(): void;
  close(): Promise<void>;
}

export interface PresenceWatchOptions {
  backbone: Pick<Backbone, 'queues' | 'presence' | 'log' | 'onError'>;
  /** Role `worker`; not the pool that applies commands. */
  pool: pg.Pool;
  catalog: Catalog;
  /** Instead of the way that timed jobs send commands. */
  send?: JobTools['send'];
  judgeAfterMs?: number;
  seekEveryMs?: number;
}

const LOOK_EVERY_MS = 1_000;
/** Whoever waits for nobody, and heard of nobody, still looks: another worker may have died meanwhile. */
const LOOK_ANYWAY_MS = 10_000;
/** After a start, or when presence could not be read, relays say first who is there. */
const JUDGE_AFTER_MS = 2 * REFRESH_MS;
/** Longer than relays take to say their leases again, so that one wipe of Redis makes nobody missing twice. */
const SEEK_EVERY_MS = 10_000;
const AT_ONCE = 200;

const COLUMNS = 'p.id, p.session_id, p.user_id, p.status, p.unseen_since, p.connection_count';

const AFFECTED = `
  select ${COLUMNS} from unnest($1::uuid[], $2::uuid[]) as c (session_id, user_id)
  join session_participations p on p.session_id = c.session_id and p.user_id = c.user_id
  where p.status <> 'disconnected' or p.unseen_since is not null`;

const AWAITED = `
  select ${COLUMNS}, p.unseen_since <= clock_timestamp() - $1 * interval '1 millisecond' as is_over
  from session_participations p where p.status = 'reconnecting' order by p.unseen_since, p.id limit $2`;

/** Leases may be forgotten, and with them that somebody had one. */
const JUDGED = `
  insert into presence_judged (session_id, user_id)
  select s.id, c.user_id from unnest($1::uuid[], $2::uuid[]) as c (session_id, user_id)
  join courtroom_sessions s on s.id = c.session_id and s.status <> 'completed'
  on conflict do nothing`;

const CONNECTED = `
  select ${COLUMNS} from session_participations p join presence_judged j using (session_id, user_id)
  where p.status = 'connected' and ($1::uuid is null or p.id > $1) order by p.id limit $2`;

export function createPresenceWatch(options: PresenceWatchOptions): PresenceWatch {
  const { backbone, pool, catalog, judgeAfterMs = JUDGE_AFTER_MS, seekEveryMs = SEEK_EVERY_MS } = options;
  const { queues, presence, log, onError } = backbone;
  const db = pool as unknown as Queryable;
  const send = options.send ?? createSend({ db, catalog, queues, log, request_id: 'presence' });
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let wasWaiting = true;
  let lookedAt = 0;
  let judgesFrom = performance.now() + judgeAfterMs;
  /** Connected in the record and without a lease when last looked for: by the next time relays have said theirs again. */
  let missing = new Set<string>();
  let soughtAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    try {
      await lookOnce();
    } catch (fault) {
      judgesFrom = performance.now() + judgeAfterMs;
      missing.clear();
      throw fault;
    }
  }

  async function lookOnce(): Promise<void> {
    const hasChanged = await sendForChanges();
    if (performance.now() >= Math.max(judgesFrom, soughtAt + seekEveryMs)) await sendForMissing();
    if (!hasChanged && !wasWaiting && performance.now() - lookedAt < LOOK_ANYWAY_MS) return;
    wasWaiting = (await sendForAwaited()) || hasChanged;
    lookedAt = performance.now();
  }

  /** @returns whether there were any */
  async function sendForChanges(): Promise<boolean> {
    const changes = await presence.changed(AT_ONCE);
    if (changes.length === 0) return false;
    const ids = [changes.map(({ session_id }) => session_id), changes.map(({ user_id }) => user_id)];
    const { rows } = await db.query<Unsettled>({ name: 'presence-affected', text: AFFECTED, values: ids });
    const isHere = new Map(changes.map((one) => [`${one.session_id} ${one.user_id}`, one.is_present]));
    await pipelined([
      db.query({ name: 'presence-judged', text: JUDGED, values: ids }),
      ...rows.map((row) => order(row, presenceCommand(row, isHere.get(`${row.session_id} ${row.user_id}`)!))),
    ]);
    await presence.settle(changes);
    return true;
  }

  /** A command may have crossed a change: who waits for somebody asks again whether they are there. */
  async function sendForAwaited(): Promise<boolean> {
    const values = [AWAITED_MS, AT_ONCE];
    const { rows } = await db.query<Unsettled & { is_over: boolean }>({
      name: 'presence-awaited',
      text: AWAITED,
      values,
    });
    if (rows.length === 0) return false;
    const present = await presence.arePresent(rows);
    await pipelined(
      rows.map((row, i) => {
        if (present[i]) return order(row, presenceCommand(row, true));
        const isLost = row.is_over && performance.now() >= judgesFrom;
        return order(row, isLost ? 'participant.lose' : undefined);
      }),
    );
    return true;
  }

  /**
   * Nobody tells of those whose lease was forgotten while they went, nor is a change told twice that came before its
   * participant joined or came back. Whoever is missing twice in a row is gone.
   */
  async function sendForMissing(): Promise<void> {
    const gone = new Set<string>();
    for (let after: string | null = null, isLast = false; !isLast; ) {
      const { rows } = (await db.query<Unsettled>({
        name: 'presence-connected',
        text: CONNECTED,
        values: [after, AT_ONCE],
      })) as { rows: Unsettled[] };
      isLast = rows.length < AT_ONCE;
      after = rows.at(-1)?.id ?? null;
      const present = rows.length === 0 ? [] : await presence.arePresent(rows);
      const absent = rows.filter((_, i) => !present[i]);
      for (const { id, connection_count } of absent) gone.add(`${id} ${connection_count}`);
      const twice = absent.filter(({ id, connection_count }) => missing.has(`${id} ${connection_count}`));
      await pipelined(twice.map((row) => order(row, presenceCommand(row, false))));
      if (twice.length > 0) wasWaiting = true;
    }
    missing = gone;
    soughtAt = performance.now();
  }

  /** Coming back counts the connection on, so that each change of each connection has a key of its own. */
  async function order(participant: Unsettled, name: string | undefined): Promise<void> {
    if (name === undefined) return;
    const { id, session_id, user_id, connection_count } = participant;
    await send({ name, input: { session_id, user_id }, key: `${name} ${id} ${connection_count}` });
  }

  function start(): void {
    looking = look().catch(onError);
    void looking.then(() => {
      if (!closing) timer = setTimeout(start, LOOK_EVERY_MS);
    });
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    await looking;
  }

  return { look, start, close };
}
