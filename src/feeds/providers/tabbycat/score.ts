/** A debate's score from its ballots: the confirmed one alone, over all of its sheets. */
import type { Score } from '../provider.ts';
import type { BallotRow } from './readings.ts';

/** @returns null where none is confirmed */
export function scoreOf(ballots: readonly BallotRow[]): Score | null {
  const confirmed = ballots.filter((ballot) => ballot.confirmed && !ballot.discarded);
  const last = confirmed.toSorted((a, b) => b.version - a.version)[0];
  if (last === undefined || last.result.sheets.length === 0) return null;
  const { sheets } = last.result;
  const of = (side: 'petitioner' | 'respondent') => sheets.map(({ teams }) => teams.find((team) => team.side === side));
  const wins = (side: 'petitioner' | 'respondent') => of(side).filter((team) => team?.win === true).length;
  const [petitioner, respondent] = [wins('petitioner'), wins('respondent')];
  return {
    petitioner: meanOf(of('petitioner').map((team) => team?.score)),
    respondent: meanOf(of('respondent').map((team) => team?.score)),
    winner: petitioner === respondent ? null : petitioner > respondent ? 'petitioner' : 'respondent',
  };
}

/** In two decimals, half up; null where a sheet has no points. */
function meanOf(scores: readonly (number | null | undefined)[]): number | null {
  const given = scores.filter((score) => typeof score === 'number');
  if (given.length === 0 || given.length < scores.length) return null;
  const hundredths = given.reduce((sum, score) => sum + Math.round(score * 100), 0);
  return Math.floor(hundredths / given.length + 0.5) / 100;
}
