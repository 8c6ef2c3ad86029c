/**
 * What sources of one institution say of one match: two that agree are believed, at 90 per cent, and correct one that says
 * otherwise; one alone is shown as it is, at 60; where they differ and no two agree each is shown as its own source has it,
 * and admins are told. What fewer people may see changes nothing that more people see. Each match is looked at with its own
 * peers. Pure.
 */
import { VISIBILITIES, type Visibility } from '../../access/scope.ts';
import { isSame } from './changes.ts';
import type { Score, ShownState } from './match.ts';
import { plain } from './pair.ts';

/** In per cent. */
export const AGREED = 90;
export const ALONE = 60;

/** What a source has of a match; the score of one that says nothing yet is null. */
export interface Claim {
  match_id: string;
  visibility: Visibility;
  teams: Pick<ShownState, 'petitioner' | 'respondent'>;
  score: Score | null;
}

export interface Dispute {
  /** In the order of the ids. */
  match_ids: [string, string];
  /** As each source has it. */
  scores: [Score, Score];
}

export interface Verdict {
  /** What at least two sources say, where no other is said by as many, by the sides of the match; null without. */
  agreed: Score | null;
  /** Of the match with each source that says otherwise. */
  disputes: Dispute[];
}

type Said = Claim & { score: Score };

/** @param peers of other feeds, one of each */
export function verdictOf(own: Claim, peers: readonly Claim[]): Verdict {
  const said = [own, ...peers].filter((claim): claim is Said => claim.score !== null);
  const scores = said.map((claim) => seenFrom(own.teams, claim));
  const disputes = said.flatMap((other, i) =>
    own.score === null || isSame(own.score, scores[i]) ? [] : [disputeOf(own as Said, other)],
  );
  const heard = scores.filter((_, i) => isAsOpen(said[i]!, own));
  return { agreed: agreedOf(heard), disputes };
}

/** Everybody who may see the match may see what this source says. */
function isAsOpen(source: Claim, own: Claim): boolean {
  return VISIBILITIES.indexOf(source.visibility) >= VISIBILITIES.indexOf(own.visibility);
}

/** Another site may have drawn the sides the other way round. */
function seenFrom(own: Claim['teams'], { teams, score }: Said): Score {
  const isTurned = own.petitioner !== null && plain(own.petitioner) === plain(teams.respondent ?? '');
  if (!isTurned) return score;
  const { petitioner: respondent, respondent: petitioner, winner } = score;
  return { petitioner, respondent, winner: winner && (winner === 'petitioner' ? 'respondent' : 'petitioner') };
}

function agreedOf(scores: readonly Score[]): Score | null {
  const voices = scores.map((score) => scores.filter((other) => isSame(other, score)).length);
  const most = Math.max(0, ...voices);
  const leading = scores.filter((_, i) => voices[i] === most);
  return most >= 2 && leading.every((score) => isSame(score, leading[0])) ? leading[0]! : null;
}

function disputeOf(own: Said, other: Said): Dispute {
  const [one, two] = own.match_id < other.match_id ? [own, other] : [other, own];
  return { match_ids: [one.match_id, two.match_id], scores: [one.score, two.score] };
}
