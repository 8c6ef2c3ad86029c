/** What a run over streams has come to so far, and how work is parted and put together on the way. */
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import type { PassOptions } from '../../src/core/apply/execute.ts';
import type { Outcome, Postponed } from '../../src/core/apply/outcome.ts';
import { addWork, type Work } from '../../src/core/definitions/stream.ts';

export interface Tally {
  outcomes: Outcome[];
  /** Ids of commands that faulted. */
  faulted: Set<string>;
  suspects: Map<string, string[]>;
  /** By their subject. */
  postponed: Map<string, Postponed>;
}

/** How the commands of a pass are to be taken. */
export type PassMode = Pick<PassOptions, 'preCounted' | 'skipSuspects' | 'fault'>;

/** One pass, of at most `limit` commands a stream. @returns the work that is left to pass over again */
export type Pass = (work: Work, limit: number, tally: Tally, mode: PassMode) => Promise<Work>;

export function newTally(suspects: Work): Tally {
  return { outcomes: [], faulted: new Set(), suspects: copyOf(suspects), postponed: new Map() };
}

/** @returns the work that is left */
export function collect(decided: Decided, tally: Tally): Work {
  tally.outcomes.push(...decided.outcomes);
  for (const { id } of decided.faults) tally.faulted.add(id);
  for (const streams of decided.suspects.values()) addWork(tally.suspects, streams);
  for (const [subject, postponed] of decided.postponed) tally.postponed.set(subject, postponed);
  return decided.again;
}

/** A lock was waited for in vain. @returns the work that is left: none */
export function postpone(work: Work, fault: unknown, tally: Tally): Work {
  const { message } = fault as Error;
  for (const [subject, streams] of work) {
    tally.postponed.set(subject, { streams: [...streams], reason: 'locked', detail: message, isSlow: true });
  }
  return new Map();
}

export async function inHalves(work: Work, take: (half: Work) => Promise<Work>): Promise<Work> {
  const again = new Map<string, string[]>();
  const middle = Math.ceil(work.size / 2);
  for (const half of [[...work].slice(0, middle), [...work].slice(middle)]) {
    for (const streams of (await take(new Map(half))).values()) addWork(again, [...streams]);
  }
  return again;
}

export function copyOf(work: Work): Map<string, string[]> {
  return new Map([...work].map(([subject, streams]) => [subject, [...streams]]));
}
