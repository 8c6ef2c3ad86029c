/**
 * Sends one result to its site, at most once. What is there already is noted before; where nobody can say whether it has
 * arrived, the site is asked a while later, and where it has none of it, the result has failed: an admin looks there, and hands
 * in another.
 */
import { type OutboundCode, OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { findFeed } from '../../src/feeds/feed.ts';
import type { Place, ResultsBack, Site } from '../../src/feeds/providers/provider.ts';
import type { Result } from '../../src/feeds/results/sheets.ts';
import { beginPosting, type ResultClaim, type Settled, takePostingBack } from './resultLedger.ts';
import type { Sites } from './sites.ts';

export interface Posting {
  /** Role `worker`. */
  db: Queryable;
  sites: Pick<Sites, 'open'>;
  /** Throws where this process ends, or the claim is lost. */
  goOn(): void;
  /** Is told of the moments at which a test may end the process. */
  reach?: ((point: 'posting' | 'posted') => Promise<void> | void) | undefined;
}

/** It may have arrived, and nobody can say. */
export const UNKNOWN = 'unknown';

/** Nothing was done there, and a later try may succeed. */
const NOT_TAKEN: readonly OutboundCode[] = ['busy', 'breaker_open', 'quota_spent', 'unresolved', 'rate_limited'];
/** Nothing was done there, and nothing will be. */
const REFUSED: readonly OutboundCode[] = [
  ...(['refused_url', 'refused_address', 'certificate', 'no_secret'] as const),
  ...(['not_permitted', 'not_there', 'rejected'] as const),
];

/** @param claim its `state` follows what is stored. @throws OutboundError where it is to be tried, or asked about, again */
export async function postResult(posting: Posting, claim: ResultClaim): Promise<Settled> {
  try {
    return await postOnce(posting, claim);
  } catch (fault) {
    if (!(fault instanceof OutboundError) || !REFUSED.includes(fault.code)) throw fault;
    return { why: claim.state === 'posting' ? UNKNOWN : fault.code };
  }
}

async function postOnce(posting: Posting, claim: ResultClaim): Promise<Settled> {
  const isSent = claim.state === 'posting';
  const feed = await findFeed(posting.db, claim.feed_id);
  if (feed?.state !== 'enabled') return { why: isSent ? UNKNOWN : 'feed_disabled' };
  const { provider, site } = await posting.sites.open(feed, true);
  const { resultsBack } = provider;
  if (!resultsBack) return { why: 'no_results_back' };
  const place: Place = { round: claim.round, debate: claim.provider_id };
  const result: Result = { sheets: claim.sheets!, confirm: claim.confirm };
  if (!isSent) return send(posting, claim, resultsBack, { site, place, result });
  const ballot_id = await resultsBack.findBallot(site, place, result, claim.before!);
  return ballot_id === undefined ? { why: UNKNOWN } : { ballot_id };
}

interface There {
  site: Site;
  place: Place;
  result: Result;
}

async function send(
  { db, goOn, reach }: Posting,
  claim: ResultClaim,
  back: ResultsBack,
  { site, place, result }: There,
): Promise<Settled> {
  const prepared = await back.prepareBallot(site, place, result);
  if ('why' in prepared) return prepared;
  const before = await back.listBallots(site, place);
  goOn();
  if (!(await beginPosting(db, claim, before))) throw new Error('the claim of the result is lost, or it is too late');
  claim.state = 'posting';
  await reach?.('posting');
  try {
    const ballot_id = await back.postBallot(site, place, prepared.body);
    await reach?.('posted');
    return { ballot_id };
  } catch (fault) {
    if (!(fault instanceof OutboundError)) throw fault;
    if (REFUSED.includes(fault.code)) return { why: fault.code };
    if (fault.isUnsent || NOT_TAKEN.includes(fault.code)) {
      await takePostingBack(db, claim);
      claim.state = 'waiting';
    }
    throw fault;
  }
}
