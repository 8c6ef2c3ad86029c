/**
 * How well requests fit the people whose tokens they carry. A score is kept for five minutes, of each device and network of
 * a person's login session its own, so that a token that is carried off is judged anew. Nobody waits for long: where it cannot be
 * found out in time all of it is neutral.
 */
import { type Actor, homeOf } from '../../core/definitions/actor.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import type { Cache } from '../../infra/cache/cache.ts';
import type { LoginRecorder, Whereabouts } from '../../infra/loginRecorder.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { timings } from '../../infra/timings.ts';
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
  log: Log;
}

export function createContextScores({ db, cache, logins, log }: ContextOptions): ContextScores {
  /** Those that are being found out: many requests of a person come together. */
  const begun = new Map<string, Promise<Context>>();

  async function find(key: string, judged: Judged): Promise<Context> {
    const kept = await cache.get('context_score', key, contextSchema);
    if (kept) return kept;
    const context = assessContext(await readContext(db, judged));
    // A cache that is slow must not make of it what is not known in time: that is neutral, which many policies let pass.
    void cache.put('context_score', key, context, judged.user_id);
    return context;
  }

  async function scoreOf(judged: Judged): Promise<Context> {
    // An issuer that gives one sid to two people names one login session for both: each has a score.
    const key = [judged.id, judged.user_id, judged.device, judged.network].join(' ');
    const finding = begun.get(key) ?? find(key, judged).finally(() => begun.delete(key));
    begun.set(key, finding);
    return withTimeout(finding, timings.door.context_within_ms, 'the context is not found out in time').catch((err) => {
      log.warn({ err, login_id: judged.id }, 'context of a login session not known: it is neutral');
      return UNKNOWN_CONTEXT;
    });
  }

  return {
    async ofRequest(actor, from) {
      if (!actor.login) return UNKNOWN_CONTEXT;
      const { place = null, ...marks } = logins.marksOf(from);
      return scoreOf({ id: actor.login.id, user_id: actor.id, institution_id: homeOf(actor), ...marks, place });
    },
    ofLogin: (login) => scoreOf({ ...login, device: null, network: null, place: null }),
  };
}
