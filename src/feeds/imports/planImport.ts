/**
 * What is to be done so that the matches of a round are as they are there. Three-way, by the mapping that keeps each field as
 * it was last imported: what was changed there alone is taken, what was changed here alone stays, and what was changed on both
 * sides stays and is listed. Pure, and safe to repeat: what was applied already is the same on both sides.
 */
import canonicalize from 'canonicalize';
import type { SessionStatus } from '../../court/sessions/session.ts';
import type { Debate, Round } from '../providers/provider.ts';
import type { Base, Field } from './fields.ts';
import { FIELDS, isSame, mergeOf, PEOPLE, PLAIN, type Values, valuesOf, type Wanted } from './fields.ts';
import type { Conflict, Mapped, Plan } from './plan.ts';
import { substitutionsOf } from './substitutions.ts';
import { type Around, wantedOf } from './wanted.ts';

/** A match that was imported before. */
export interface Known {
  debate: string;
  round: number;
  assignment_id: string;
  base: Base;
  /** As it is here; null where it was to be made and never was. */
  ours: Ours | null;
}

export interface Ours extends Values {
  is_cancelled: boolean;
  session: SessionStatus | null;
}

const MOST_CHANGED_PERCENT = 20;
const REASON = 'It is no longer in the draw of the tournament.';

type Draft = Omit<Plan, 'asks'>;

/** @param known all that was imported of this round, and whatever else bears the ids of its debates */
export function planImport(round: Round, known: readonly Known[], around: Omit<Around, 'round'>): Plan {
  const plan: Draft = { create: [], change: [], cancel: [], left: [], conflicts: [], orders: [], mapped: [] };
  const own = known.filter((one) => one.round === round.seq);
  const before = own.filter(({ ours }) => ours !== null && !ours.is_cancelled);
  const twice = doubledOf(round.debates);
  const renamed = renamedOf(round.debates, own);
  for (const debate of round.debates) {
    const found = renamed.get(debate.id) ?? known.find((one) => one.debate === debate.id);
    const why = twice.get(debate.id) ?? (found && found.round !== round.seq ? 'other_round' : undefined);
    if (why !== undefined) plan.left.push({ debate: debate.id, why });
    else planDebate(plan, debate, found, { ...around, round }, round.seq);
  }
  const there = new Set([...round.debates.map(({ id }) => id), ...[...renamed.values()].map((one) => one.debate)]);
  for (const one of own) if (!there.has(one.debate)) planVanished(plan, one);
  return { ...plan, left: distinct(plan.left), asks: asksOf(plan, before) };
}

/** Debates whose team stands in another one too, and ids that stand twice. */
function doubledOf(debates: readonly Debate[]): Map<string, string> {
  const doubled = new Map<string, string>();
  const seen = new Map<string, string>();
  const ids = new Set<string>();
  for (const { id, teams } of debates) {
    if (ids.has(id)) doubled.set(id, 'debate_twice');
    ids.add(id);
    for (const team of new Set(teams.map((one) => one.id))) {
      const other = seen.get(team);
      if (other !== undefined && other !== id) for (const one of [id, other]) doubled.set(one, 'team_twice');
      seen.set(team, id);
    }
  }
  return doubled;
}

const pairOf = (teams: readonly string[]) => JSON.stringify(teams.toSorted());

/** A debate that vanished and a new one of the same teams are one match. @returns by the new id what was known */
function renamedOf(debates: readonly Debate[], own: readonly Known[]): Map<string, Known> {
  const there = new Set(debates.map(({ id }) => id));
  const here = new Set(own.map(({ debate }) => debate));
  const vanished = new Map(
    own.filter((one) => !there.has(one.debate) && !one.base.cancelled).map((one) => [pairOf(one.base.teams), one]),
  );
  return new Map(
    debates
      .filter(({ id }) => !here.has(id))
      .flatMap(({ id, teams }) => {
        const one = vanished.get(pairOf(teams.map((team) => team.id)));
        return one ? [[id, one] as const] : [];
      }),
  );
}

function planDebate(plan: Draft, debate: Debate, known: Known | undefined, around: Around, round: number): void {
  const judged = wantedOf(debate, known?.base, around);
  if ('why' in judged) {
    plan.left.push({ debate: debate.id, why: judged.why });
    return;
  }
  const { wanted, teams, released_as } = judged;
  const theirs = valuesOf(wanted);
  const base: Base = { ...theirs, teams, released_as, cancelled: false };
  const was = known && known.debate !== debate.id ? { was: known.debate } : {};
  // What was called off because it had vanished is a new match when it comes back.
  const isNew = !known || known.ours === null || (known.base.cancelled && known.ours.is_cancelled);
  if (isNew) {
    const isUnmade = known?.ours === null ? { assignment_id: known.assignment_id } : {};
    plan.create.push({ debate: debate.id, assignment_id: null, match: wanted });
    plan.mapped.push({ debate: debate.id, round, base, changes: base, ...isUnmade, ...was });
    return;
  }
  const kept = planChanges(plan, debate.id, known as Existing, wanted);
  const after = { ...base, ...kept };
  const changes = changesOf(known.base, after);
  const mapped: Mapped = { debate: debate.id, round, base: after, changes, assignment_id: known.assignment_id };
  plan.mapped.push({ ...mapped, ...was });
}

function changesOf(before: Base, after: Base): Partial<Base> {
  const isOther = ([field, value]: [string, unknown]) =>
    canonicalize(value) !== canonicalize(before[field as keyof Base] ?? null);
  return Object.fromEntries(Object.entries(after).filter(isOther));
}

type Existing = Known & { ours: Ours };

/** @returns the fields that the mapping keeps of before, until commands were applied */
function planChanges(
  plan: Draft,
  debate: string,
  { base, ours, assignment_id }: Existing,
  wanted: Wanted,
): Partial<Values> {
  const theirs = valuesOf(wanted);
  const merged = FIELDS.map((field) => [field, mergeOf(field, base, ours, theirs)] as const);
  const fields = merged.filter(([, merge]) => merge === 'theirs').map(([field]) => field);
  const disputed = merged.filter(([, merge]) => merge === 'conflict').map(([field]) => field);
  const agreed = merged.filter(([, merge]) => merge === 'same').map(([field]) => field);
  const kept = { ...picked(base, FIELDS), ...picked(theirs, agreed) };
  if (ours.is_cancelled) {
    if (fields.length + disputed.length > 0) plan.left.push({ debate, why: 'cancelled_here' });
    return kept;
  }
  for (const field of disputed) {
    plan.conflicts.push({ ...conflictOf(debate, assignment_id, field), ...sidesOf(field, base, ours, theirs) });
  }
  const taken = [
    ...orderPlain(plan, debate, assignment_id, ours, theirs, fields),
    ...orderPeople(plan, debate, assignment_id, ours, wanted, fields),
  ];
  if (taken.length > 0) {
    const changes = taken.map((field) => ({ field, ours: ours[field], theirs: theirs[field] }));
    plan.change.push({ debate, assignment_id, title: ours.title, changes });
  }
  return kept;
}

const conflictOf = (debate: string, assignment_id: string, field: Conflict['field']) => ({
  ...{ debate, assignment_id, field },
});
const sidesOf = (field: Field, base: Values, ours: Values, theirs: Values) => ({
  ...{ base: base[field], ours: ours[field], theirs: theirs[field] },
});

function picked(values: Values, fields: readonly Field[]): Partial<Values> {
  return Object.fromEntries(fields.map((field) => [field, values[field]]));
}

const hasStarted = (session: SessionStatus | null) => session !== null && session !== 'pending';

function orderPlain(
  { orders, left }: Draft,
  debate: string,
  assignment_id: string,
  { session }: Ours,
  theirs: Values,
  fields: readonly Field[],
): Field[] {
  const plain = PLAIN.filter((field) => fields.includes(field));
  if (plain.length === 0) return [];
  if (hasStarted(session)) {
    left.push({ debate, why: 'session_started' });
    return [];
  }
  const input = picked(theirs, plain);
  orders.push({ name: 'assignment.update', debate, assignment_id, input: { ...input }, keeps: input });
  return plain;
}

function orderPeople(
  { orders, left }: Draft,
  debate: string,
  assignment_id: string,
  ours: Ours,
  wanted: Wanted,
  fields: readonly Field[],
): Field[] {
  const taken: Field[] = [];
  for (const field of PEOPLE) {
    if (!fields.includes(field)) continue;
    const substitutions = substitutionsOf(field, ours, wanted);
    const why = ours.session === 'completed' ? 'session_started' : substitutions;
    if (typeof why === 'string') {
      left.push({ debate, why });
      continue;
    }
    why.forEach((substitution, i) => {
      // Half a roster is neither what it was nor what it is to be.
      const keeps = i === why.length - 1 ? picked(valuesOf(wanted), [field]) : {};
      orders.push({ name: 'assignment.substitute', debate, assignment_id, input: { ...substitution }, keeps });
    });
    taken.push(field);
  }
  return taken;
}

/** Its debate is not there any more. */
function planVanished(plan: Draft, { debate, assignment_id, base, ours }: Known): void {
  // An admin who kept it knows that it has vanished.
  if (ours === null || ours.is_cancelled || base.cancelled) return;
  if (hasStarted(ours.session)) {
    plan.left.push({ debate, why: 'session_started' });
    return;
  }
  if (FIELDS.some((field) => !isSame(field, base, ours))) {
    plan.conflicts.push({ ...conflictOf(debate, assignment_id, 'cancelled'), base: false, ours: false, theirs: true });
    return;
  }
  plan.cancel.push({ debate, assignment_id, title: ours.title });
  const input = { reason: REASON };
  plan.orders.push({ name: 'assignment.cancel', debate, assignment_id, input, keeps: { cancelled: true } });
}

function distinct(left: Draft['left']): Draft['left'] {
  return [...new Map(left.map((one) => [`${one.debate} ${one.why}`, one])).values()];
}

/** @param before the matches of the round that stand, as they are before */
function asksOf({ cancel, change }: Draft, before: readonly Known[]): Plan['asks'] {
  const active = new Set(
    before.filter(({ ours }) => ['active', 'paused'].includes(ours!.session!)).map((one) => one.assignment_id),
  );
  return [
    ...(cancel.length > 0 ? ['cancels' as const] : []),
    ...(change.some(({ assignment_id }) => active.has(assignment_id)) ? ['active_session' as const] : []),
    ...(change.length * 100 > before.length * MOST_CHANGED_PERCENT ? ['over_20_percent' as const] : []),
  ];
}
