/** Which ban, or whom, the commands of admins name. */
import { z } from 'zod';
import { isOnStage, onStage } from '../../access/onStage.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id, isPlain, NOT_PLAIN } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Ban } from './ban.ts';

const HOURS_MS = 3_600_000;
const MOST_HOURS = 24 * 366;

/** A composite key, or a user's id. */
const key = privately(z.union([z.string().regex(/^[0-9a-f]{64}$/), id]));
/** As the list of bans shows it: IPv6 by its network of 64 bits. */
const address = privately(z.union([z.ipv4(), z.string().regex(/^[0-9a-f:]{2,30}::\/64$/)]));

export const named = {
  ban_id: id.optional(),
  key: key.optional(),
  address: address.optional(),
  reason: privately(z.string().min(1).max(500).refine(isPlain, NOT_PLAIN)),
};

export const hours = z.int().min(1).max(MOST_HOURS).optional();

interface Named {
  ban_id?: string | undefined;
  key?: string | undefined;
  address?: string | undefined;
}

export const namesOne = ({ ban_id, key, address }: Named) =>
  [ban_id, key, address].filter((one) => one !== undefined).length === 1;
export const NAMES_ONE = 'must name a ban by ban_id, or else a key or an address';

export function isNamed({ ban_id, key, address }: Named): (ban: Ban) => boolean {
  return ({ id, subject, value }) =>
    ban_id !== undefined ? id === ban_id : value === (subject === 'key' ? key : address);
}

export function untilOf(now: string, hours: number | undefined): string | null {
  return hours === undefined ? null : new Date(Date.parse(now) + hours * HOURS_MS).toISOString();
}

/** What the inbox keeps of a command about a ban, once it has its outcome: neither whom it names nor why. */
export function keptOf({ owner, ban_id }: { owner: string; ban_id?: string | undefined }): JsonObject {
  return { owner, ...(ban_id !== undefined && { ban_id }) };
}

/**
 * What became of bans since a session began that has the reader on its stage may tell of its gallery: until the next break it
 * is for others to see to. @param person an SQL expression
 */
export const isTold = (person: string) => `changed_at < all (select started_at from (${onStage(person)}) stage)`;

interface Asked {
  /** As the sender. */
  db: Queryable;
  actor: Actor;
  input: Named;
  installation: string;
}

/**
 * Whose bans the command is about: the ban's, or the sender's institution. Undefined where there is no such ban to be seen,
 * and for a sender on a stage: until the next break others moderate.
 */
export async function ownerOf({ db, actor, input, installation }: Asked): Promise<string | undefined> {
  if (await isOnStage(db, actor.id)) return undefined;
  if (input.ban_id === undefined) return actor.institution_id ?? installation;
  const text = 'select owner from guard_bans where id = $1';
  const { rows } = await db.query<{ owner: string }>({ name: 'find-ban', text, values: [input.ban_id] });
  return rows[0]?.owner;
}

const OPEN_OF_VALUE = {
  name: 'find-open-ban',
  text: `
    select owner from guard_bans
    where value = $1 and subject = $2 and lifted_at is null and (until is null or until > clock_timestamp())
    order by owner = $3::uuid desc, until desc nulls first, id limit 1`,
};

/**
 * The same of a ban that must be there: of a key or an address that a super_admin names, of whatever institution it is. Of
 * several the one that holds everywhere comes first.
 */
export async function ownerOfOpen(asked: Asked): Promise<string | undefined> {
  const { db, actor, input, installation } = asked;
  if (actor.role !== 'super_admin' || input.ban_id !== undefined) return ownerOf(asked);
  if (await isOnStage(db, actor.id)) return undefined;
  const { key, address } = input;
  const values = [key ?? address, key === undefined ? 'address' : 'key', actor.institution_id ?? installation];
  const { rows } = await db.query<{ owner: string }>({ ...OPEN_OF_VALUE, values });
  return rows[0]?.owner ?? ownerOf(asked);
}
