/** Plans of several rounds as one, and what becomes of matches whose draw was released or taken back. Pure. */

import type { Visibility } from '../feed.ts';
import type { Round } from '../providers/provider.ts';
import type { Values } from './fields.ts';
import { isSame } from './fields.ts';
import type { Plan } from './plan.ts';
import { type Known, planImport } from './planImport.ts';
import type { Around } from './wanted.ts';

/** @param known of all of these rounds */
export function planRounds(rounds: readonly Round[], known: readonly Known[], around: Omit<Around, 'round'>): Plan {
  const plans = rounds.map((round) => planImport(round, known, around));
  return {
    create: plans.flatMap(({ create }) => create),
    change: plans.flatMap(({ change }) => change),
    cancel: plans.flatMap(({ cancel }) => cancel),
    left: plans.flatMap(({ left }) => left),
    conflicts: plans.flatMap(({ conflicts }) => conflicts),
    orders: plans.flatMap(({ orders }) => orders),
    mapped: plans.flatMap(({ mapped }) => mapped),
    asks: [...new Set(plans.flatMap(({ asks }) => asks))],
  };
}

/**
 * Matches are private while their draw is not released, and what was asked for once it is. What an admin has set here since
 * stays, and so does what has begun.
 */
export function planVisibility(rounds: readonly Round[], known: readonly Known[]): Plan {
  const plan: Plan = {
    ...{ create: [], change: [], cancel: [], left: [], conflicts: [], orders: [], mapped: [] },
    asks: [],
  };
  const released = new Map(rounds.map(({ seq, draw_status }) => [seq, draw_status === 'R']));
  for (const { debate, round, assignment_id, base, ours } of known) {
    const isReleased = released.get(round);
    if (isReleased === undefined || ours === null || ours.is_cancelled) continue;
    const visibility: Visibility = isReleased ? base.released_as : 'private';
    if (visibility === ours.visibility || !isSame('visibility', base as Values, ours)) continue;
    if (ours.session !== null && ours.session !== 'pending') {
      plan.left.push({ debate, why: 'session_started' });
      continue;
    }
    const changes = [{ field: 'visibility' as const, ours: ours.visibility, theirs: visibility }];
    plan.change.push({ debate, assignment_id, title: ours.title, changes });
    const keeps = { visibility };
    plan.orders.push({ name: 'assignment.update', debate, assignment_id, input: { ...keeps }, keeps });
  }
  return plan;
}
