/**
 * What a run has left behind, recomputed from the rows themselves: every hash, every link, every payload, every head,
 * and one event for each log command. A server that is fast and wrong fails here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const PENDING = `
  select count(*) filter (where status = 'accepted')::int as pending, count(*)::int as commands from commands`;
const SETTLE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

const FINDINGS = `
  with current as materialized (
    select * from streams where occurred_at >= $1
  ), chained as (
    select e.*, p.salt, p.payload, lag(e.event_hash) over w as hash_before, lag(e.sequence) over w as sequence_before
    from events e join current using (stream) left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
    window w as (partition by e.stream order by e.sequence)
  ), events_checked as (
    select
      count(*) filter (where event_hash is distinct from sha256('\\x00'::bytea || convert_to(event_envelope(stream,
        sequence, event_id, event_type, actor_id, occurred_at, payload_commitment, previous_hash), 'UTF8'))) as hashes,
      count(*) filter (where previous_hash <> coalesce(hash_before, decode(repeat('00', 32), 'hex'))) as links,
      count(*) filter (where sequence <> coalesce(sequence_before, 0) + 1) as gaps,
      count(*) filter (where payload_commitment is distinct from
        sha256('\\x02'::bytea || salt || convert_to(payload, 'UTF8'))) as payloads
    from chained
  ), heads_checked as (
    select count(*) as heads
    from (select distinct on (stream) stream, sequence, event_hash from chained order by stream, sequence desc) last
    full join current s using (stream)
    where (last.sequence, last.event_hash) is distinct from (s.sequence, s.event_hash)
  ), commands_checked as (
    select count(*) filter (where e.event_id is null or c.outcome is null) as commands_without_event
    from commands c
    left join events e on e.event_id = overlay(c.id::text placing '0001' from 33)::uuid and e.stream = c.stream
    where c.name = 'session.log' and c.accepted_at >= $1
  )
  select * from events_checked, heads_checked, commands_checked`;

const COUNTS = `
  select count(*) filter (where status = 'applied')::int as applied, count(*)::int as commands,
    (select count(*)::int from events where event_type = 'BENCH_ENTRY' and occurred_at >= $1) as entries
  from commands where name = 'session.log' and accepted_at >= $1`;

/**
 * @param answered how many commands were answered as applied
 * @param unanswered how many more may have been under way when the load ended
 * @param since streams in which nothing happened since then, and earlier commands, are left out
 * @returns the number of log events
 * @throws with everything that is off
 */
export async function checkRecord(
  url: string,
  answered: number,
  unanswered: number,
  since = '-infinity',
): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await untilSettled(client);
    const { rows } = await client.query<Record<string, string>>(FINDINGS, [since]);
    const off = Object.entries(rows[0]!).filter(([, count]) => count !== '0');
    const { rows: counted } = await client.query<{ applied: number; commands: number; entries: number }>(COUNTS, [
      since,
    ]);
    const { applied, commands, entries } = counted[0]!;
    const isComplete = applied === commands && applied === entries;
    if (off.length > 0 || !isComplete || applied < answered || applied > answered + unanswered) {
      throw new Error(`the record is off: ${JSON.stringify({ ...Object.fromEntries(off), ...counted[0], answered })}`);
    }
    return entries;
  } finally {
    await client.end();
  }
}

/** Requests that the load has cut off may still be on their way to the inbox. */
async function untilSettled(client: pg.Client): Promise<void> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  let before = -1;
  for (;;) {
    const { rows } = await client.query<{ pending: number; commands: number }>(PENDING);
    const { pending, commands } = rows[0]!;
    if (pending === 0 && commands === before) return;
    if (performance.now() > deadline) throw new Error('commands are still without an outcome');
    before = commands;
    await sleep(LOOK_EVERY_MS);
  }
}
