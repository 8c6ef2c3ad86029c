/**
 * The guard: it stands before requests without a token that change something, and before those of the gallery. A request
 * with a good token to the court never comes here.
 */
import type { Request } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Author, Pace } from '../../core/definitions/author.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { CompositeKeys } from '../../guard/compositeKeys.ts';
import { levelOf, RULES, type RuleName } from '../../guard/rules.ts';
import { type Addresses, limitKey } from '../../infra/addresses.ts';
import type { Admission, GuardStore, Turn } from '../../infra/guard/guardStore.ts';
import { refused, waiting } from './refusals.ts';
import { type Seen, visitorOf } from './visitors.ts';

/** Where an author speaks. */
export interface Place {
  institution_id: string;
  session_id: string;
}

/** What the guard does about a key or an address. */
export interface Punishment {
  rule: RuleName;
  /** Null before one is known. */
  institution_id: string | null;
  key?: string;
  address?: string;
}

export interface Guard {
  /** An anonymous POST, before its token is asked for. @throws {Problem} 429, or 503 where no further key can be counted */
  admit(req: Request, route: string): Promise<void>;
  /** May the sender have an Idempotency-Key looked up before anything counts? */
  mayAsk(req: Request): Promise<boolean>;
  /** A POST of a signed-in person to the gallery. @throws {Problem} 429 */
  pace(actor: Actor): Promise<void>;
  /** The author of a request; counts nothing. @param actor null without a token */
  authorOf(req: Request, actor: Actor | null, place: Place): Promise<Author>;
  /** How long until the author may post, in milliseconds; begins nothing. */
  waitOf(author: Author, place: Place, pace: Pace): Promise<number>;
  /** The author posts: the next cooldown begins. @throws {Problem} 429 cooldown, or 503 while nobody can count */
  post(author: Author, place: Place, pace: Pace): Promise<Turn>;
  /** What was begun is taken back: the post was not taken. */
  giveBack(author: Author, place: Place, turn: Turn): Promise<void>;
  /** A text of the author was refused. */
  tellRefused(author: Author, place: Place): Promise<void>;
  /** The author filled the honeypot. */
  tellTrapped(author: Author, place: Place): Promise<void>;
}

export interface GuardOptions {
  mayAsk(address: string): Promise<boolean>;
  keys: CompositeKeys;
  store: GuardStore & { isAlone(): boolean };
  addresses: Pick<Addresses, 'isAllowlisted'>;
  /** Never rejects. */
  punish(punishment: Punishment): Promise<void>;
  institutionOf(session_id: string): Promise<string | null>;
}

export function createGuard({ keys, store, addresses, mayAsk, punish, institutionOf }: GuardOptions): Guard {
  async function admit(req: Request, route: string): Promise<void> {
    const visitor = visitorOf(req, keys, addresses);
    const admission = await store.admit(visitor, route);
    if (admission.admitted) return;
    if (admission.by === 'burst' || admission.by === 'rate') await punishVisitor(req, visitor, admission);
    throw refused(admission);
  }

  async function punishVisitor(req: Request, visitor: Seen, { by, is_crowd }: Extract<Admission, { admitted: false }>) {
    const { session_id } = req.params;
    const institution_id = typeof session_id === 'string' ? await institutionOf(session_id) : null;
    const key = keyIn(institution_id, visitor, is_crowd);
    const { address, is_venue } = visitor;
    const rule = by as 'burst' | 'rate';
    await punish({ rule, institution_id, ...(rule === 'burst' && { key }), ...(!is_venue && { address }) });
  }

  function keyIn(institution_id: string | null, { address, fingerprint }: Seen, isCrowd: boolean): string {
    return isCrowd ? keys.crowdOf(institution_id, address) : keys.keyOf(institution_id, address, fingerprint);
  }

  async function pace(actor: Actor): Promise<void> {
    const waits_ms = await store.pace(actor.id);
    if (waits_ms > 0) throw waiting('rate', RULES.rate.posts, waits_ms);
  }

  async function authorOf(req: Request, actor: Actor | null, place: Place): Promise<Author> {
    const { institution_id, session_id } = place;
    const facts = { is_shadowed: false, shown_to: 'everybody' } as const;
    if (actor) {
      const is_shadowed = await store.isShadowed([bannedAs(actor.id, institution_id), actor.id]);
      return { ...facts, id: actor.id, key: actor.id, reporter: actor.id, is_shadowed };
    }
    const visitor = visitorOf(req, keys, addresses);
    const isCrowd = await store.isCrowd(visitor);
    const key = keyIn(institution_id, visitor, isCrowd);
    const id = keys.guestOf(session_id, keyIn(institution_id, visitor, false));
    const is_shadowed = await store.isShadowed([key, isCrowd ? visitor.crowd : visitor.key]);
    return { ...facts, id, key, reporter: keys.reporterOf(institution_id, visitor.address), is_shadowed };
  }

  const cooldownOf = ({ reporters, slow_seconds }: Pace) =>
    Math.max(levelOf(reporters).cooldown_seconds, slow_seconds) * 1_000;

  async function post(author: Author, place: Place, asked: Pace): Promise<Turn> {
    if (store.isAlone()) {
      throw new Problem(
        'unavailable',
        'Posts cannot be counted just now. Nothing is stored.',
        {},
        { 'Retry-After': '5' },
      );
    }
    const turn = await store.post(bannedAs(author.key, place.institution_id), cooldownOf(asked));
    if (!('posted_at' in turn)) throw waiting('cooldown', 1, turn.waits_ms);
    return turn;
  }

  async function tellRefused({ key }: Author, { institution_id }: Place): Promise<void> {
    const count = await store.countRefusedText(bannedAs(key, institution_id));
    if (count >= RULES.text.refused) await punish({ rule: 'text', institution_id, key });
  }

  return {
    admit,
    mayAsk: (req) => mayAsk(limitKey(req.ip)),
    pace,
    authorOf,
    waitOf: ({ key }, { institution_id }, asked) => store.waitOf(bannedAs(key, institution_id), cooldownOf(asked)),
    post,
    giveBack: ({ key }, { institution_id }, turn) => store.giveBack(bannedAs(key, institution_id), turn),
    tellRefused,
    tellTrapped: ({ key }, { institution_id }) => punish({ rule: 'honeypot', institution_id, key }),
  };
}

/** A user's bans and cooldowns are each institution's own; a composite key holds the institution already. */
export function bannedAs(key: string, institution_id: string): string {
  return key.includes('-') ? `${institution_id}:${key}` : key;
}
