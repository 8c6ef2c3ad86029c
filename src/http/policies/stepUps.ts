/**
 * Step-ups as the door knows them: which login sessions are stepped up, kept for as long as that counts, and asking for one.
 * That one is not stepped up is asked of Postgres wherever something is refused for it, so what was confirmed passes at once.
 */
import { LRUCache } from 'lru-cache';
import { type Actor, homeOf, type SeenFrom } from '../../core/definitions/actor.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Publish, tellConsole } from '../../infra/console/tellConsole.ts';
import { askStepUp, findSteppedUp, toldOf } from '../../logins/stepUp.ts';

const MOST = 20_000;
/** Where nothing is refused for it, only counted. */
const ABSENT_FOR_MS = 5_000;
/** One that is open stays as it is: Postgres is not asked at each refusal. */
const ASKED_FOR_MS = 60_000;

export interface StepUps {
  /** As far as this process knows. */
  isKnown(actor: Actor, from: SeenFrom): boolean;
  /** @param isPressing something is refused otherwise */
  find(actor: Actor, from: SeenFrom, isPressing: boolean): Promise<boolean>;
  /** Once until it is confirmed. */
  ask(actor: Actor, from: SeenFrom, command: string, policy_id: string): Promise<void>;
}

const keyOf = (user_id: string, login_id: string, { device, network }: SeenFrom) =>
  [login_id, user_id, device, network].join(' ');

/** @param db of role `door` */
export function createStepUps({ db, publish }: { db: Queryable; publish: Publish }): StepUps {
  const known = new LRUCache<string, true>({ max: MOST });
  const absent = new LRUCache<string, true>({ max: MOST, ttl: ABSENT_FOR_MS });
  const asked = new LRUCache<string, true>({ max: MOST, ttl: ASKED_FOR_MS });

  async function find({ id: user_id, login }: Actor, from: SeenFrom, isPressing: boolean): Promise<boolean> {
    if (!login) return false;
    const key = keyOf(user_id, login.id, from);
    if (!isPressing && absent.has(key)) return false;
    const [found] = await findSteppedUp(db, [{ login_id: login.id, user_id, from }]);
    if (found) known.set(key, true, { ttl: Math.max(1, found.left_ms) });
    else absent.set(key, true);
    return found !== undefined;
  }

  async function ask(actor: Actor, from: SeenFrom, asked_for: string, policy_id: string): Promise<void> {
    const { id: user_id, login } = actor;
    const key = `${login?.id} ${user_id}`;
    if (!login || asked.has(key)) return;
    const whose = { login_id: login.id, user_id, institution_id: homeOf(actor) };
    const asking = { ...whose, asked_for, asked_by: `policy:${policy_id}`, jti: login.jti, from };
    const request = await askStepUp(db, asking);
    asked.set(key, true);
    if (request) await tellConsole(publish, toldOf(asking, request));
  }

  const isKnown = ({ id, login }: Actor, from: SeenFrom) => login !== undefined && known.has(keyOf(id, login.id, from));
  return { isKnown, find, ask };
}
