/** The guard's refusals, as problems with the headers of every limit. */
import { Problem } from '../../core/definitions/problem.ts';
import { reject } from '../../guard/guardProblems.ts';
import { RULES } from '../../guard/rules.ts';
import type { Admission } from '../../infra/guard/guardStore.ts';

const LIMITS = { block: 0, burst: RULES.burst.routes - 1, rate: RULES.rate.posts } as const;
const WHY = {
  block: 'Commands without a token are not taken from here for a while.',
  burst: 'So many different commands at once are no person’s doing.',
  rate: `At most ${RULES.rate.posts} commands in ${RULES.rate.window_ms / 1_000} seconds.`,
  cooldown: 'You posted a short while ago.',
} as const;

type Refusal = Pick<Extract<Admission, { admitted: false }>, 'by' | 'retry_after_ms'>;

export function refused({ by, retry_after_ms }: Refusal): Problem {
  if (by !== 'full') return waiting(by, LIMITS[by], retry_after_ms);
  const detail = 'More visitors without a token came than can be told apart. Nothing of this request is stored.';
  return new Problem('unavailable', detail, {}, { 'Retry-After': `${secondsOf(retry_after_ms)}` });
}

export function waiting(by: keyof typeof WHY, limit: number, retry_after_ms: number): Problem {
  const seconds = `${secondsOf(retry_after_ms)}`;
  const code = by === 'cooldown' ? 'cooldown' : 'rate_limited';
  const headers = { 'X-RateLimit-Limit': `${limit}`, 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': seconds };
  return new Problem(
    reject(code, WHY[by], { limit: by, retry_after_ms }),
    undefined,
    {},
    {
      ...headers,
      'Retry-After': seconds,
    },
  );
}

/** @param rule that refuses it */
export function refusedText(rule: string): Problem {
  return new Problem(reject('refused_text', 'A rule about texts refuses this one.', { rule }));
}

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
