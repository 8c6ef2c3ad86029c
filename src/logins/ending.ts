/**
 * How a login session ends: at once, and its tokens are none any more. Where its person speaks in a session of the court it
 * may send nothing from now on, and ends with the turn, or after ten minutes: the thief loses the power, the round goes on.
 */
import { z } from 'zod';
import { eventId } from '../core/chain/ids.ts';
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

type Claim = 'login' | 'suspended';

/** A login session as its end is decided. */
export interface Ending {
  id: string;
  user_id: string;
  institution_id: string | null;
  /** Of which it has tokens, as far as that is known: a sign-in may have some of several. Null of a super_admin's. */
  institutions: (string | null)[];
  /** What was revoked of it; without an institution, all of it. */
  revoked: { claim: Claim; institution_id: string | null }[];
  /** When its end was asked for; null where it was not. */
  asked_at: string | null;
  ended_at: string | null;
  /** Its person speaks, in a session that is not over. */
  runs_turn: boolean;
}

/** The columns of an `Ending`, from `logins l` and `login_ends e`. @param owner an institution of which it has a token */
const columnsWith = (owner: string) => `
  l.id, l.user_id, l.institution_id, e.asked_at, e.ended_at, exists (
    select from rosters r join courtroom_sessions s using (assignment_id) join session_turns t on t.session_id = s.id
    where r.user_id = l.user_id and s.status in ('active', 'paused') and t.state = 'active' and t.speaker_id = l.user_id
  ) as runs_turn, array(
    select ${owner} union select l.institution_id union select e.institution_id where e.login_id is not null
    union select r.institution_id from revocations r where r.value = l.id::text and r.claim = 'suspended'
  ) as institutions, (
    select coalesce(json_agg(json_build_object('claim', r.claim, 'institution_id', r.institution_id)), '[]')
    from revocations r where r.value = l.id::text and r.claim in ('login', 'suspended')
  ) as revoked`;
const COLUMNS = columnsWith('l.institution_id');

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

/**
 * Each has one, whatever was noted of it: of a super_admin's that it is nobody's. Of what was sent before it said whose it is,
 * those alone that are noted.
 * @param keys as `keyOf` makes them
 */
export async function loadEndingsNamed(db: Queryable, keys: string[]): Promise<Map<string, Ending>> {
  const asked = keys.map((key) => [key, ...key.split(' ')] as const);
  const named = asked.filter(([, , user_id]) => user_id !== '');
  const columns = [0, 1, 2, 3].map((part) => named.map((parts) => parts[part]));
  const text = `
    select l.key, ${columnsWith('l.owner')} from (
      select a.*, case when k.id is null then a.owner else k.institution_id end as institution_id
      from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as a (key, id, user_id, owner)
      left join logins k on k.id = a.id and k.user_id = a.user_id
    ) l left join login_ends e on e.login_id = l.id`;
  const { rows } = await db.query<Ending & { key: string }>(text, columns);
  const found = new Map(rows.map(({ key, ...row }) => [key, row as Ending]));
  const others = asked.filter(([, , user_id]) => user_id === '');
  const noted = await loadEndings(
    db,
    others.map(([, id]) => id!),
  );
  for (const [key, id] of others) if (noted.has(id!)) found.set(key, noted.get(id!)!);
  return found;
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
  /** Of a row that there is not yet, each time. */
  newId: () => string;
  now: string;
  by: string;
  reason: string;
  /** Whatever the court does. */
  at_once: boolean;
}

/** What rows of a command are called: the first as the command. */
export function idsOf(command_id: string): () => string {
  let given = 0;
  return () => {
    given += 1;
    return given === 1 ? command_id : eventId(command_id, given - 1);
  };
}

export function isEndedBy({ runs_turn }: Ending, { at_once }: Pick<Asked, 'at_once'>): boolean {
  return at_once || !runs_turn;
}

/** What ends it, or lets it wait for the court; nothing where that was done before, for every institution. */
export function endingWrites(login: Ending, asked: Asked): Write[] {
  const { now: asked_at, by: asked_by, reason } = asked;
  const ends = isEndedBy(login, asked);
  const ended_at = ends ? asked_at : null;
  const key = { login_id: login.id };
  const facts = { asked_at, asked_by, reason, ended_at };
  const whose = { user_id: login.user_id, institution_id: login.institution_id };
  function endOf(): Write[] {
    if (login.asked_at === null) return [insert('login_ends', key, { ...whose, ...facts })];
    if (login.ended_at === null) return ends ? [update('login_ends', key, { ended_at })] : [];
    return waitsAgain(login, asked) ? [update('login_ends', key, facts)] : [];
  }
  return [...endOf(), ...revocationsOf(login, ends ? 'login' : 'suspended', asked)];
}

/** It is over, but not for every institution, and for those where it is not it lets a turn end. */
export function waitsAgain(login: Ending, asked: Pick<Asked, 'at_once'>): boolean {
  return login.ended_at !== null && !isEndedBy(login, asked) && lackingOf(login, 'suspended').length > 0;
}

/** Whose tokens go on. What covers those of one institution lets those of another, and of a super_admin, go on. */
function lackingOf({ institutions, revoked }: Ending, claim: Claim): (string | null)[] {
  const there = revoked.filter((one) => one.claim === claim || one.claim === 'login');
  const isCovered = (whose: string | null) =>
    there.some(({ institution_id }) => institution_id === null || institution_id === whose);
  return institutions.filter((whose) => !isCovered(whose));
}

/** Those that it lacks. */
export function revocationsOf(
  login: Ending,
  claim: Claim,
  { newId, now: revoked_at, by: revoked_by }: Pick<Asked, 'newId' | 'now' | 'by'>,
): Write[] {
  const { id: value } = login;
  const lacking = lackingOf(login, claim);
  const kept_until = new Date(Date.parse(revoked_at) + KEPT_MS).toISOString();
  return (lacking.includes(null) ? [null] : lacking).map((institution_id) =>
    insert('revocations', { id: newId(), claim }, { value, institution_id, revoked_at, revoked_by, kept_until }),
  );
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
