/** A round's own sessions under load and under watch, and how long it takes until all is well again after a blow. */
import { type Cast, cast, openSession, person } from '../test/support/client.ts';
import { until } from '../test/support/processes.ts';
import type { Arena } from './arena.ts';
import type { Fleet } from './fleet.ts';
import { type Listeners, startListeners } from './listeners.ts';
import { createSender, type Producers, type Sender, startProducers } from './producers.ts';

export interface Stage {
  arena: Arena;
  fleet: Fleet;
  people: Cast;
  sessions: string[];
  sender: Sender;
  producers: Producers;
  listeners: Listeners;
}

/** Milliseconds from the blow. */
export interface Recovery {
  /** Until a command sent to each session after it had its outcome, and all that was accepted before had theirs. */
  settled_ms: number;
  /** Until every listener had been told of those commands. */
  told_ms: number;
}

const SESSIONS = 4;
const CLERKS = 8;
const RECOVER_WITHIN_MS = 120_000;

export async function openStage(arena: Arena, fleet: Fleet): Promise<Stage> {
  const people = cast();
  const url = fleet.urls('api')[0]!;
  const opened = await Promise.all(Array.from({ length: SESSIONS }, () => openSession(url, people)));
  const sessions = opened.map(({ session_id }) => session_id);
  const sender = createSender(() => fleet.urls('api'));
  const { token } = person('super_admin');
  const listeners = startListeners(fleet.urls, token, sessions);
  const producers = startProducers(sender, people, sessions, CLERKS);
  return { arena, fleet, people, sessions, sender, producers, listeners };
}

/** @param struck_ms when the blow fell, on the clock of performance.now() */
export async function recover(
  { arena, people, sessions, sender, listeners }: Stage,
  struck_ms: number,
): Promise<Recovery> {
  const since = () => Math.round(performance.now() - struck_ms);
  const probe = async (session_id: string) => {
    const body = { event_type: 'PROBE', details: {} };
    const { answer } = await sender.deliver({
      client: 'probe',
      n: since(),
      session_id,
      verb: 'log',
      body,
      who: people.admin,
      prefer: 'wait=10',
    });
    const id = answer?.body.command_id;
    await eventually('a probe has its outcome', async () => {
      const { rows } = await arena.pool.query(`select from commands where id = $1 and status <> 'accepted'`, [id]);
      return rows.length === 1;
    });
    return Number(answer?.body.sequence_to ?? 0);
  };
  const earlier = async () => {
    const last = await eventually('the inbox can be read', async () => {
      const { rows } = await arena.pool.query<{ last: string }>('select max(position) as last from commands');
      return rows[0]!.last;
    });
    await eventually('everything accepted has its outcome', async () => {
      const text = `select from commands where status = 'accepted' and position <= $1 limit 1`;
      return (await arena.pool.query(text, [last])).rowCount === 0;
    });
  };
  const [, probes] = await Promise.all([earlier(), Promise.all(sessions.map(probe))]);
  const settled_ms = since();
  await until('every listener is told', () =>
    listeners.reached().every(({ session_id, sequence }) => sequence >= probes[sessions.indexOf(session_id)]!),
  );
  return { settled_ms, told_ms: since() };
}

/** The database may be away meanwhile. */
function eventually<T>(what: string, look: () => Promise<T>): Promise<NonNullable<T>> {
  return until(what, () => look().catch(() => undefined), RECOVER_WITHIN_MS);
}

/** Ends the load, and waits until nothing is under way and the listeners are told of all. */
export async function closeStage({ arena, sessions, producers, listeners }: Stage): Promise<void> {
  try {
    await producers.stop();
    await eventually('no command is pending', async () => {
      const text = `select from commands where status = 'accepted' limit 1`;
      return (await arena.pool.query(text)).rowCount === 0;
    });
    const { rows } = await arena.pool.query<{ stream: string; sequence: number }>(
      'select stream, sequence from streams where stream = any($1)',
      [sessions.map((id) => `session:${id}`)],
    );
    const heads = new Map(rows.map(({ stream, sequence }) => [stream, sequence]));
    const isTold = () =>
      listeners.reached().every(({ session_id, sequence }) => sequence >= heads.get(`session:${session_id}`)!);
    // Who is told too little is found by the judge, with a name.
    await until('every listener is told', isTold).catch(() => {});
  } finally {
    await listeners.stop();
  }
}
