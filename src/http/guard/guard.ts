/**
 * The guard: it stands before requests without a token that change something, and before those of the gallery. A request
 * with a good token to the court never comes here.
 */
import type { Request } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Author, NameIn, Pace } from '../../core/definitions/author.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { levelOf, RULES } from '../../guard/rules.ts';
import { limitKey } from '../../infra/addresses.ts';
import type { Turn } from '../../infra/guard/guardStore.ts';
import { type Crowds, createAdmission } from './admission.ts';
import { bannedAs } from './bannedAs.ts';
import type { GuardOptions } from './guardOptions.ts';
import { waiting } from './refusals.ts';
import { keyIn, visitorOf } from './visitors.ts';

/** Where an author speaks. */
export interface Place {
  institution_id: string;
  session_id: string;
}

export interface Guard {
  /** An anonymous POST, before its token is asked for. @throws {Problem} 429, or 503 where no further key can be counted */
  admit(req: Request, route: string): Promise<void>;
  /** May the sender have an Idempotency-Key looked up before anything counts? @param actor null without a token */
  mayAsk(req: Request, actor: Actor | null): Promise<boolean>;
  /** A POST of a signed-in person to the gallery. @throws {Problem} 429 */
  pace(actor: Actor): Promise<void>;
  /**
   * The author of a request; counts nothing.
   * @param actor null without a token
   * @param isPosting otherwise it is not asked whether what the author says is shadowed
   */
  authorOf(req: Request, actor: Actor | null, place: Place, isPosting?: boolean): Promise<Author>;
  /** How the author of a request is called in other sessions of the institution; undefined for a user. */
  nameIn(req: Request, actor: Actor | null, place: Place): NameIn | undefined;
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

export function createGuard(options: GuardOptions): Guard {
  const { keys, store, bans, installation, addresses, mayAsk, punish, tell } = options;
  const crowds: Crowds = new WeakMap();

  async function isShadowed(names: readonly string[], institution_id: string): Promise<boolean> {
    const isBanned = names.some((name) =>
      bans.of('key', name).some(({ owner }) => owner === institution_id || owner === installation),
    );
    return isBanned || store.isShadowed(names.flatMap((name) => [bannedAs(name, institution_id), name]));
  }

  async function pace(actor: Actor): Promise<void> {
    const waits_ms = await store.pace(actor.id);
    if (waits_ms > 0) throw waiting('rate', RULES.rate.posts, waits_ms);
  }

  function nameIn(req: Request, actor: Actor | null, { institution_id }: Place): NameIn | undefined {
    if (actor) return undefined;
    const key = keyIn(keys, institution_id, visitorOf(req, keys, addresses), false);
    return (session_id) => keys.guestOf(session_id, key);
  }

  async function authorOf(req: Request, actor: Actor | null, place: Place, isPosting = false): Promise<Author> {
    const { institution_id, session_id } = place;
    const facts = { is_shadowed: false, shown_to: 'everybody' } as const;
    if (actor) {
      const is_shadowed = isPosting && (await isShadowed([actor.id], institution_id));
      return { ...facts, id: actor.id, key: actor.id, reporter: actor.id, is_shadowed };
    }
    const visitor = visitorOf(req, keys, addresses);
    // What was admitted is known to be of the crowd, or not.
    const isCrowd = crowds.get(req) ?? (await store.isCrowd(visitor));
    const key = keyIn(keys, institution_id, visitor, isCrowd);
    const id = nameIn(req, actor, place)!(session_id);
    const names = [key, isCrowd ? visitor.crowd : visitor.key];
    const is_shadowed = isPosting && (await isShadowed(names, institution_id));
    return { ...facts, id, key, reporter: keys.reporterOf(institution_id, visitor.address), is_shadowed };
  }

  const cooldownOf = ({ reporters, slow_seconds }: Pace) =>
    Math.max(levelOf(reporters).cooldown_seconds, slow_seconds) * 1_000;

  async function post(author: Author, place: Place, asked: Pace): Promise<Turn> {
    if (store.alone_ms() > RULES.alone_ms) {
      throw new Problem(
        'unavailable',
        'Posts cannot be counted just now. Nothing is stored.',
        {},
        { 'Retry-After': '5' },
      );
    }
    const turn = await store.post(bannedAs(author.key, place.institution_id), cooldownOf(asked));
    if ('posted_at' in turn) return turn;
    tell('cooldown', 'refusal', place.institution_id);
    throw waiting('cooldown', 1, turn.waits_ms);
  }

  async function tellRefused({ key }: Author, { institution_id }: Place): Promise<void> {
    const count = await store.countRefusedText(bannedAs(key, institution_id));
    tell('text', 'refusal', institution_id);
    if (count >= RULES.text.refused) await punish({ rule: 'text', institution_id, key });
  }

  return {
    admit: createAdmission(options, crowds),
    mayAsk: (req, actor) => mayAsk(actor?.id ?? limitKey(req.ip)),
    pace,
    authorOf,
    nameIn,
    waitOf: ({ key }, { institution_id }, asked) => store.waitOf(bannedAs(key, institution_id), cooldownOf(asked)),
    post,
    giveBack: ({ key }, { institution_id }, turn) => store.giveBack(bannedAs(key, institution_id), turn),
    tellRefused,
    tellTrapped: ({ key }, { institution_id }) => punish({ rule: 'honeypot', institution_id, key }),
  };
}
