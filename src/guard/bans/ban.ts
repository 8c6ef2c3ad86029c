/** A ban: a key's posts are shown to their author alone, or an address sends no commands without a token. Its truth is in Postgres. */
import { z } from 'zod';
import { sha256 } from '../../core/chain/sha256.ts';
import { at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { BAN_RULES } from '../rules.ts';

export const SUBJECTS = ['key', 'address'] as const;
/** `person`: an admin banned it. */
export const REASONS_FOR = [...BAN_RULES, 'person'] as const;

export interface Ban {
  id: string;
  subject: (typeof SUBJECTS)[number];
  value: string;
  rule: (typeof REASONS_FOR)[number];
  /** Null until it is lifted. */
  until: string | null;
  /** It asks for a person to look at it. */
  review: boolean;
  /** The numbers of the events that tell of it: they are erased together. */
  events: readonly number[];
}

/** A ban that a person lifted. */
export interface Pardon {
  ban_id: string;
  at: string;
  events: readonly number[];
}

/** Of an institution, or of the installation where none is known: what holds now, and not what has ended. */
export interface Bans {
  id: string;
  open: readonly Ban[];
  /** Keys that have filled the honeypot before, each with the ban that came of it last; once that is erased a hash in its place. */
  trapped: { readonly [key: string]: string | null };
  /** Keys and addresses whose ban a person lifted: that outweighs what was counted before. */
  pardoned: { readonly [value: string]: Pardon };
}

export const guardStream = defineStream<Bans>('guard', {
  initial: (id) => ({ id, open: [], trapped: {}, pardoned: {} }),
  apart: true,
  // Bans against a flood must not wait for it.
  few: true,
});

/** What is left of a key whose ban is erased: by it the same key is known again, and nobody is found. */
export function trappedAs({ id }: Pick<Bans, 'id'>, key: string): string {
  return sha256('trapped ', id, ' ', key);
}

export function isTrapped(guard: Bans, key: string): boolean {
  return Object.hasOwn(guard.trapped, key) || Object.hasOwn(guard.trapped, trappedAs(guard, key));
}

const MOST_TRAPPED = 10_000;

/** The latest stand last: the first are forgotten. @param ban_id null once it is erased */
export function withTrapped(trapped: Bans['trapped'], key: string, ban_id: string | null): Bans['trapped'] {
  const others = Object.entries(trapped).filter(([other]) => other !== key);
  return Object.fromEntries([...others.slice(1 - MOST_TRAPPED), [key, ban_id]]);
}

export const theGuard = (owner: string): Lock<'guard', Bans> => ({
  kind: 'guard',
  stream: streamName('guard', owner),
});

export const guardBans = defineTable({
  name: 'guard_bans',
  stream: 'guard',
  owner: 'owner',
  primary_key: ['id'],
  visible: 'to_institution',
  scope: ['id', 'owner', 'subject', 'value', 'rule', 'until', 'lifted_at', 'changed_at'],
});

export function isOpen({ until }: Pick<Ban, 'until'>, now: string): boolean {
  return until === null || until > now;
}

export function findOpen({ open }: Bans, now: string, is: (ban: Ban) => boolean): Ban | undefined {
  return open.find((ban) => is(ban) && isOpen(ban, now));
}

const nullableText = text.nullable();

const banAnswer = named(
  'Ban',
  z.strictObject({
    id: uuid,
    /** One of the two; both null once they are erased. */
    key: nullableText,
    address: nullableText,
    rule: z.enum(REASONS_FOR),
    reason: nullableText,
    until: at.nullable(),
    review: z.boolean(),
    state: z.enum(['open', 'lifted', 'ended']),
    banned_at: at,
    banned_by: text,
  }),
  {
    ...{ id: EXAMPLE.event_id, key: 'ab'.repeat(32), address: null, rule: 'honeypot' as const, reason: null },
    ...{ until: null, review: true, state: 'open' as const, banned_at: EXAMPLE.now, banned_by: 'system' },
  },
);

export const bansAnswer = listOf('Bans', banAnswer);

/** What the commands answer: the ban as it is after them. */
export const banAfter = named(
  'BanAfter',
  z.strictObject({ id: uuid, key: nullableText, address: nullableText, until: at.nullable(), lifted: z.boolean() }),
  { id: EXAMPLE.event_id, key: 'ab'.repeat(32), address: null, until: null, lifted: false },
);
