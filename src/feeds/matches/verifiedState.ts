/** What a verdict makes of a match that stands: nothing where it is so already, else the next version. Pure. */
import { isSame } from './changes.ts';
import type { MatchEvent, Score } from './match.ts';
import { changesOf, type KnownState, MOST_EVENTS, type Next } from './nextState.ts';
import { AGREED, ALONE } from './verify.ts';

/** The last word on its result that is not superseded. */
export interface LastResult {
  confidence: number;
  details: object;
}

/** Says in the events of a match what no source says alone. */
const VERIFIER = 'verifier';

/** @param at the database's clock */
export function verifiedState(
  current: Omit<KnownState, 'known'>,
  agreed: Score | null,
  last: LastResult | null,
  at: string,
): Next | undefined {
  // A source that has no result yet is waited for: its match is not over.
  if (current.claim === null) return undefined;
  // Without two that agree, what its own source says stands.
  const score = agreed ?? current.claim;
  const isCorrected = !isSame(current.state.score, score);
  const isFull = current.seq >= MOST_EVENTS;
  const isSaid = last !== null && last.confidence >= AGREED && isSame(last.details, { ...score });
  // Said by two once, and by one alone now.
  const isSure = agreed ? isSaid : last?.confidence !== AGREED;
  if (!isCorrected && (isFull || isSure)) return undefined;
  const version = current.version + 1;
  const seq = current.seq + (isFull ? 0 : 1);
  const event: MatchEvent & { provider_event_id: string } = {
    ...{ seq, provider: VERIFIER, provider_event_id: `verified-${version}`, kind: 'result', at },
    ...{ details: { ...score }, confidence: agreed ? AGREED : ALONE, superseded: false },
  };
  const next = { ...current, version, seq, state: { ...current.state, score }, events: isFull ? [] : [event] };
  const difference = { changed: isCorrected ? { score } : {}, isShownAnew: false, isCounted: false };
  return { ...next, supersedes: isFull ? [] : ['result'], takesBack: false, changes: changesOf(next, difference) };
}
