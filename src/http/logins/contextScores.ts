/**
 * How well requests fit the people whose tokens they carry. A score is kept for five minutes, of each device and network of
 * a person's login session its own, so that a token that is carried off is judged anew. This process asks the cache for one of a
 * request once in half a minute, and at once where anything was revoked since. Nobody waits for long: where it cannot be
 * found out in time all of it is neutral.
 */
import { LRUCache } from 'lru-cache';
import { type Actor, homeOf } from '../../core/definitions/actor.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import type { Cache } from '../../infra/cache/cache.ts';
import type { LoginRecorder, Whereabouts } from '../../infra/loginRecorder.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { timings } from '../../infra/timings.ts';
import type { Tokens } from '../../infra/tokens.ts';
import { assessContext, type Context, contextSchema, UNKNOWN_CONTEXT } from '../../logins/context/context.ts';
import { type Judged, readContext } from '../../logins/context/readContext.ts';

export interface ContextScores {
  /** Of a request. Never rejects. */
  ofRequest(actor: Actor, from: Whereabouts): Promise<Context>;
  /** Of a login session, from where it was seen last. Never rejects. */
  ofLogin(login: Pick<Judged, 'id' | 'user_id' | 'institution_id'>): Promise<Context>;
}

interface ContextOptions {
  /** Of role `door`. */
  db: Queryable;
  cache: Pick<Cache, 'get' | 'put'>;
  logins: Pick<LoginRecorder, 'marksOf'>;
  tokens: Pick<Tokens, 'onRevoked'>;
  log: Log;
}

/** In this process, besides the cache. */
const MOST_HERE = 10_000;
const HERE_MS = 30_000;
/** Where something was revoked just now: what the cache has of its user may be dropped a moment later. */
const REVOKED_JUST_NOW_MS = 5_000;
const HERE_THEN_MS = 1_000;

export function createContextScores({ db, cache, logins, tokens, log }: ContextOptions): ContextScores {
  const here = new LRUCache<string, Context>({ max: MOST_HERE });
  /** Those that are being found out: many requests of a person come together. */
  const begun = new Map<string, Promise<Context>>();
  let revoked_at = Number.NEGATIVE_INFINITY;
  tokens.onRevoked(() => {
    revoked_at = performance.now();
    here.clear();
    begun.clear();
  });

  async function find(key: string, judged: Judged): Promise<Context> {
    const kept = await cache.get('context_score', key, contextSchema);
    if (kept) return kept;
    const context = assessContext(await readContext(db, judged));
    // A cache that is slow must not make of it what is not known in time: that is neutral, which many policies let pass.
    void cache.put('context_score', key, context, judged.user_id);
    return context;
  }

  async function scoreOf(key: string, judged: Judged): Promise<Context> {
    const finding = begun.get(key) ?? find(key, judged).finally(() => begun.delete(key));
    begun.set(key, finding);
    return withTimeout(finding, timings.door.context_within_ms, 'the context is not found out in time').catch((err) => {
      log.warn({ err, login_id: judged.id }, 'context of a login session not known: it is neutral');
      return UNKNOWN_CONTEXT;
    });
  }

  async function ofRequest(actor: Actor, from: Whereabouts): Promise<Context> {
    if (!actor.login) return UNKNOWN_CONTEXT;
    const { place = null, device, network } = logins.marksOf(from);
    const whose = { id: actor.login.id, user_id: actor.id, institution_id: homeOf(actor) };
    const judged = { ...whose, device, network, place };
    const key = keyOf(judged);
    const kept = here.get(key);
    if (kept) return kept;
    const asked_at = performance.now();
    const context = await scoreOf(key, judged);
    const ttl = asked_at - revoked_at > REVOKED_JUST_NOW_MS ? HERE_MS : HERE_THEN_MS;
    // The next request asks again where it was not known in time, and where something was revoked meanwhile.
    if (context !== UNKNOWN_CONTEXT && asked_at > revoked_at) here.set(key, context, { ttl });
    return context;
  }

  return {
    ofRequest,
    ofLogin: (login) => {
      const judged = { ...login, device: null, network: null, place: null };
      return scoreOf(keyOf(judged), judged);
    },
  };
}

/** An issuer that gives one sid to two people, or in two institutions, names one login session for all: each has a score. */
function keyOf({ id, user_id, institution_id, device, network }: Judged): string {
  return [id, user_id, institution_id, device, network].join(' ');
}
