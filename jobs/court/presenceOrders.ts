/**
 * Which presence commands are due: for changes that relays reported, for participants that are awaited, and for those
 * that are missing though no relay reported it. `connection_count` rises at each reconnect, so name, id and count make
 * a unique idempotency key: each change of each connection is one command, however many workers send it.
 */
import { pipelined } from '../../src/core/sql/pipelined.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { AWAITED_MS, presenceCommand, type Watched } from '../../src/court/participants/presence.ts';
import type { Presence } from '../../src/infra/presence/presence.ts';
import type { JobTools } from '../job.ts';

export interface PresenceTools {
  db: Queryable;
  presence: Presence;
  send: JobTools['send'];
}

const AT_ONCE = 200;
/** All who are connected are looked through again and again: fewer, larger pages. */
const SEARCHED_AT_ONCE = 1_000;

const COLUMNS = 'p.id, p.session_id, p.user_id, p.status, p.unseen_since, p.connection_count';

const AFFECTED = `
  select ${COLUMNS} from unnest($1::uuid[], $2::uuid[]) as c (session_id, user_id)
  join session_participations p on p.session_id = c.session_id and p.user_id = c.user_id
  where p.status <> 'disconnected' or p.unseen_since is not null`;

const AWAITED = `
  select ${COLUMNS}, p.unseen_since <= clock_timestamp() - $1 * interval '1 millisecond' as is_over
  from session_participations p where p.status = 'reconnecting' order by p.unseen_since, p.id limit $2`;

/** Leases may be forgotten, and with them whose they were: these rows remember whom presence judges. */
const JUDGED = `
  insert into presence_judged (session_id, user_id)
  select s.id, c.user_id from unnest($1::uuid[], $2::uuid[]) as c (session_id, user_id)
  join courtroom_sessions s on s.id = c.session_id and s.status <> 'completed'
  on conflict do nothing`;

const CONNECTED = `
  select ${COLUMNS} from session_participations p join presence_judged j using (session_id, user_id)
  where p.status = 'connected' and ($1::uuid is null or p.id > $1) order by p.id limit $2`;

/** @returns whether there were any */
export async function sendForChanges({ db, presence, send }: PresenceTools): Promise<boolean> {
  const changes = await presence.changed(AT_ONCE);
  if (changes.length === 0) return false;
  const ids = [changes.map(({ session_id }) => session_id), changes.map(({ user_id }) => user_id)];
  const { rows } = await db.query<Watched>({ name: 'presence-affected', text: AFFECTED, values: ids });
  const isHere = new Map(changes.map((one) => [`${one.session_id} ${one.user_id}`, one.is_present]));
  await pipelined([
    db.query({ name: 'presence-judged', text: JUDGED, values: ids }),
    ...rows.map((row) => order(send, row, presenceCommand(row, isHere.get(`${row.session_id} ${row.user_id}`)!))),
  ]);
  await presence.acknowledge(changes);
  return true;
}

/**
 * A command may have crossed a change, so presence is asked again for each awaited participant.
 * @param mayLose false while relays may not have renewed their leases yet. @returns whether any are awaited
 */
export async function sendForAwaited(tools: PresenceTools, mayLose: () => boolean): Promise<boolean> {
  const { db, presence, send } = tools;
  const statement = { name: 'presence-awaited', text: AWAITED, values: [AWAITED_MS, AT_ONCE] };
  const { rows } = await db.query<Watched & { is_over: boolean }>(statement);
  if (rows.length === 0) return false;
  const present = await presence.arePresent(rows);
  await pipelined(
    rows.map((row, i) => {
      if (present[i]) return order(send, row, presenceCommand(row, true));
      return order(send, row, row.is_over && mayLose() ? 'participant.lose' : undefined);
    }),
  );
  return true;
}

export interface Missing {
  /** Connected in the record and without a lease: by the next search relays have renewed theirs. */
  missing: Set<string>;
  hasSent: boolean;
}

/**
 * No relay reports participants whose lease was forgotten while they went, nor is a change reported twice that came
 * before its participant joined or came back. A participant that is missing twice in a row is gone.
 */
export async function sendForMissing({ db, presence, send }: PresenceTools, before: Set<string>): Promise<Missing> {
  const missing = new Set<string>();
  let hasSent = false;
  for (let after: string | null = null, isLast = false; !isLast; ) {
    const values: unknown[] = [after, SEARCHED_AT_ONCE];
    const { rows } = await db.query<Watched>({ name: 'presence-connected', text: CONNECTED, values });
    isLast = rows.length < SEARCHED_AT_ONCE;
    after = rows.at(-1)?.id ?? null;
    const present = rows.length === 0 ? [] : await presence.arePresent(rows);
    const absent = rows.filter((_, i) => !present[i]);
    for (const { id, connection_count } of absent) missing.add(`${id} ${connection_count}`);
    const twice = absent.filter(({ id, connection_count }) => before.has(`${id} ${connection_count}`));
    await pipelined(twice.map((row) => order(send, row, presenceCommand(row, false))));
    hasSent ||= twice.length > 0;
  }
  return { missing, hasSent };
}

async function order(send: JobTools['send'], participant: Watched, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const { id, session_id, user_id, connection_count } = participant;
  await send({ name, input: { session_id, user_id }, key: `${name} ${id} ${connection_count}` });
}
