/**
 * What a new state of a match changes, and which events follow from that alone. Such events are derived: they say how sure
 * they are, and give way to what a provider says of the same. Pure.
 */
import type { MatchEvent, Phase, ShownState } from './match.ts';

/** An event that is to be stored, once for its id. */
export interface NewMatchEvent extends Omit<MatchEvent, 'seq' | 'superseded'> {
  provider_event_id: string;
}

/** The fields of a state that differ, with their new values; none where it is as it was. */
export function changedFields(before: ShownState | null, after: ShownState): Partial<ShownState> {
  const fields = Object.keys(after) as (keyof ShownState)[];
  return Object.fromEntries(
    fields
      .filter((field) => before === null || !isSame(before[field], after[field]))
      .map((field) => [field, after[field]]),
  );
}

/** Of values of JSON; the order of their fields is no difference. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [a, b] = [Object.entries(one), other as { [field: string]: unknown }];
  return a.length === Object.keys(b).length && a.every(([field, value]) => field in b && isSame(value, b[field]));
}

/** How sure a derived event is, in per cent. A room of ours says itself what it does. */
const OF_ROOM = 95;
const OF_END = 90;
/** As long as its source is alone with it: those that agree are surer (verify.ts). */
const OF_RESULT = 60;
const OF_POSTPONING = 80;
const OF_SCORING = 70;
/** That a debate began is only told by the clock on the wall. */
const OF_TIME = 30;

function confidenceIn(phase: Phase, isRoom: boolean): number {
  if (isRoom) return OF_ROOM;
  if (phase === 'finished') return OF_END;
  if (phase === 'scoring') return OF_SCORING;
  return phase === 'postponed' || phase === 'cancelled' ? OF_POSTPONING : OF_TIME;
}

export interface Derivation {
  provider: string;
  before: ShownState | null;
  after: ShownState;
  /** Of the state: with it the same change has the same id, however often it is derived. */
  version: number;
  at: string;
  isRoom: boolean;
}

export function derivedEvents({ provider, before, after, version, at, isRoom }: Derivation): NewMatchEvent[] {
  if (before === null) return [];
  const events: NewMatchEvent[] = [];
  const add = (kind: string, details: NewMatchEvent['details'], confidence: number) =>
    events.push({ provider, provider_event_id: `derived-${version}-${kind}`, kind, at, details, confidence });
  if (before.phase !== after.phase) {
    add('phase', { from: before.phase, to: after.phase }, confidenceIn(after.phase, isRoom));
  }
  if (after.score !== null && !isSame(before.score, after.score)) add('result', { ...after.score }, OF_RESULT);
  if (after.score === null && before.score !== null) add('result_withdrawn', {}, OF_RESULT);
  const [was, is] = [before.speaker, after.speaker];
  if (is !== null && (was?.name !== is.name || was?.kind !== is.kind)) {
    // No name: it stands in the state, which is read again where an erasure takes it out, and events stay.
    add('speaker', { side: is.side, kind: is.kind }, OF_ROOM);
  }
  return events;
}
