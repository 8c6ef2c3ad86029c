/**
 * How a login session ends: at once, and its tokens are none any more. Where its person speaks in a session of the court it
 * may send nothing from now on, and ends with the turn, or after ten minutes: the thief loses the power, the round goes on.
 */
import { z } from 'zod';
import { at, named, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineStream, type StreamKind, streamName } from '../core/definitions/stream.ts';
import { insert, update, type Write } from '../core/definitions/write.ts';
import type { Queryable } from '../core/sql/queryable.ts';

/** No token that is good today outlives it: src/infra/tokens.ts takes none that ends later. */
const KEPT_MS = 366 * 24 * 3_600_000;
/** Whatever the court does. */
export const MOST_SUSPENDED_MINUTES = 10;

/** Nothing is recorded in it: sign-ins are no part of the record. It is none of the court's, and nothing holds it up. */
export const loginStream: StreamKind<object> = defineStream('login', { initial: () => ({}), apart: true, few: true });

export function theLogin(id: string): Lock<'login', object> {
  return { kind: 'login', stream: streamName('login', id) };
}

/** A login session as its end is decided. */
export interface Ending {
  id: string;
  user_id: string;
  institution_id: string | null;
  /** When its end was asked for; null where it was not. */
  asked_at: string | null;
  ended_at: string | null;
  /** Its person speaks, in a session that is not over. */
  runs_turn: boolean;
}

/** The columns of an `Ending`, from `logins l`. */
const COLUMNS = `
  l.id, l.user_id, l.institution_id, e.asked_at, e.ended_at, exists (
    select from rosters r join courtroom_sessions s using (assignment_id) join session_turns t on t.session_id = s.id
    where r.user_id = l.user_id and s.status in ('active', 'paused') and t.state = 'active' and t.speaker_id = l.user_id
  ) as runs_turn`;

export async function loadEndings(db: Queryable, ids: string[]): Promise<Map<string, Ending>> {
  const text = `
    select ${COLUMNS} from unnest($1::uuid[]) as asked (id) cross join lateral (
      select id, user_id, institution_id from logins where id = asked.id
      union all select login_id, user_id, institution_id from login_ends where login_id = asked.id limit 1
    ) l left join login_ends e on e.login_id = l.id`;
  const { rows } = await db.query<Ending>(text, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Whose it is, where the sender knows that: what is noted of a login session may be missing, or forgotten. */
export interface NamedLogin {
  login_id: string;
  user_id: string;
  /** An institution. */
  owner: string;
}

export const keyOf = ({ login_id, user_id, owner }: NamedLogin) => [login_id, user_id, owner].join(' ');

/** Each has one, whatever was noted of it. @param keys as `keyOf` makes them */
export async function loadEndingsNamed(db: Queryable, keys: string[]): Promise<Map<string, Ending>> {
  const parts = [0, 1, 2].map((part) => keys.map((key) => key.split(' ')[part]));
  const text = `
    select l.key, ${COLUMNS} from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as l (key, id, user_id, institution_id)
    left join login_ends e on e.login_id = l.id`;
  const { rows } = await db.query<Ending & { key: string }>(text, [keys, ...parts]);
  return new Map(rows.map(({ key, ...row }) => [key, row]));
}

/** More of a person are not noted. */
const MOST = 500;

/** Those of a person that are not over yet. */
export async function loadEndingsOf(db: Queryable, user_id: string): Promise<Ending[]> {
  const text = `
    select ${COLUMNS} from logins l left join login_ends e on e.login_id = l.id
    where l.user_id = $1 and l.expires_at > clock_timestamp() - interval '1 minute' and e.ended_at is null
    order by l.first_seen, l.id limit ${MOST}`;
  return (await db.query<Ending>(text, [user_id])).rows;
}

interface Asked {
  /** Of a row that there is not yet. */
  id: string;
  now: string;
  by: string;
  reason: string;
  /** Whatever the court does. */
  at_once: boolean;
}

export function isEndedBy({ runs_turn }: Ending, { at_once }: Pick<Asked, 'at_once'>): boolean {
  return at_once || !runs_turn;
}

/** What ends it, or lets it wait for the court; nothing where that was done before. */
export function endingWrites(login: Ending, asked: Asked): Write[] {
  const { now, by, reason } = asked;
  const ends = isEndedBy(login, asked);
  if (login.ended_at !== null || (login.asked_at !== null && !ends)) return [];
  const ended_at = ends ? now : null;
  const facts = { user_id: login.user_id, institution_id: login.institution_id, asked_at: now, asked_by: by, reason };
  const end =
    login.asked_at === null
      ? insert('login_ends', { login_id: login.id }, { ...facts, ended_at })
      : update('login_ends', { login_id: login.id }, { ended_at });
  return [end, revocation(login, asked.id, ends ? 'login' : 'suspended', now, by)];
}

export function revocation(
  { id: value, institution_id }: Pick<Ending, 'id' | 'institution_id'>,
  id: string,
  claim: 'login' | 'suspended',
  revoked_at: string,
  revoked_by: string,
): Write {
  const kept_until = new Date(Date.parse(revoked_at) + KEPT_MS).toISOString();
  return insert('revocations', { id, claim }, { value, institution_id, revoked_at, revoked_by, kept_until });
}

export const endingAnswer = named(
  'LoginSessionEnding',
  z.strictObject({
    id: uuid,
    status: z.enum(['ended', 'ending']),
    /** Null where it waits for the end of a turn. */
    ended_at: at.nullable(),
  }),
  { id: EXAMPLE.command_id, status: 'ended', ended_at: EXAMPLE.now },
);
