/**
 * The ledger of ticks: a row for each tick that was fired, once, by the leader. What becomes of it is
 * in tickClaims.ts. Times are the database's.
 */
import { createHash } from 'node:crypto';
import type { Queryable } from '../../src/core/sql/queryable.ts';

export interface TickKey {
  name: string;
  /** RFC 3339. */
  slot: string;
}

export interface Firing extends TickKey {
  queue: string;
  next_slot: string;
  /** Earlier slots that were passed over. */
  given_up: number;
  /** `skipped` only writes down that the slot was passed over. */
  status: 'waiting' | 'skipped';
  /** Earlier ticks that nobody has begun are superseded by this one. */
  supersedes: boolean;
}

export interface Leader {
  holder: string;
  term: number;
}

// Made once and for all; what is named is `name slot`.
const NAMESPACE = Buffer.from('7b0c1f0e5b9d4c4f9f3a6f2d1c8e4a57', 'hex');

/** UUIDv5 (RFC 9562) of a tick: the same from every scheduler. */
export function tickId({ name, slot }: TickKey): string {
  const hash = createHash('sha1').update(NAMESPACE).update(`${name} ${slot}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** BullMQ's id of a doorbell. A retry has another, as an id that is kept is not added again. */
export function doorbellId({ name, slot }: TickKey, attempts = 0): string {
  return `tick-${name}-${Date.parse(slot)}${attempts === 0 ? '' : `-r${attempts}`}`;
}

const FIRE = `
  with leader as materialized (
    select term from leases
    where name = 'scheduler' and holder = $1 and term = $2::bigint and expires_at > clock_timestamp()
      and $4::timestamptz <= clock_timestamp() + interval '1 second'
    for share
  ), fired as (
    insert into schedule_ticks (name, slot, id, queue, term, given_up, status, finished_at)
    select $3::text, $4, $5::uuid, $6, term, $7::integer, $8, case $8::text when 'skipped' then clock_timestamp() end from leader
    on conflict (name, slot) do nothing
    returning extract(epoch from fired_at - slot)::float8 as late_seconds
  ), superseded as (
    update schedule_ticks set status = 'skipped', finished_at = clock_timestamp(), error = 'superseded by a later tick'
    where $10::boolean and name = $3 and slot < $4 and status = 'waiting' and attempts = 0 and exists (select from fired)
  ), published as (
    update schedules set next_slot = $9::timestamptz where name = $3 and exists (select from leader)
  )
  select (select count(*) from leader) = 1 as is_leading, (select late_seconds from fired) as late_seconds`;

/**
 * Stores a tick, if the scheduler that fires it leads: the lease is checked, and held, in the same transaction.
 * @returns how late it is, or null where it stood in the ledger already
 * @throws {NotLeading}
 */
export async function fireTick(db: Queryable, leader: Leader, firing: Firing): Promise<number | null> {
  const { name, slot, queue, given_up, status, next_slot, supersedes } = firing;
  const { rows } = await db.query<{ is_leading: boolean; late_seconds: number | null }>(FIRE, [
    leader.holder,
    leader.term,
    ...[name, slot, tickId(firing), queue, given_up, status, next_slot, supersedes],
  ]);
  if (!rows[0]!.is_leading) throw new NotLeading(leader.term);
  return rows[0]!.late_seconds;
}

export class NotLeading extends Error {
  constructor(term: number) {
    super(`this scheduler does not lead in term ${term} any more, or the tick is not due`);
    this.name = 'NotLeading';
  }
}
