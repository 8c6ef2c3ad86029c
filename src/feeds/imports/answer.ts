/** A plan as it is answered, whether it was done or not. */
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { sha256 } from '../../core/chain/sha256.ts';
import { at, count, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { VISIBILITIES } from '../feed.ts';
import { conflictAnswer } from '../feedAnswers.ts';
import type { Numbered } from './conflicts.ts';
import type { Creation, Plan } from './plan.ts';

const member = z.strictObject({ user_id: uuid, name: text });

const creation = z.strictObject({
  debate: text,
  /** Null of a plan that was only asked for. */
  assignment_id: uuid.nullable(),
  title: text,
  courtroom: text,
  scheduled_at: at,
  visibility: z.enum(VISIBILITIES),
  format: z.unknown(),
  petitioner: z.array(member),
  respondent: z.array(member),
  /** The presiding judge stands first. */
  panel: z.array(member),
});

const fieldChange = z.strictObject({ field: text, ours: z.unknown(), theirs: z.unknown() });

const EXAMPLE_MEMBER = { user_id: EXAMPLE.user_id, name: 'Ada Petrova' };

export const planAnswer = named(
  'FeedPlan',
  z.strictObject({
    /** What is sent along to have exactly this done. */
    plan: hash,
    dry_run: z.boolean(),
    /** Why the plan has to be sent along; empty where it need not be. */
    asks: z.array(z.enum(['cancels', 'active_session', 'over_20_percent'])),
    create: z.array(creation),
    change: z.array(z.strictObject({ debate: text, assignment_id: uuid, title: text, changes: z.array(fieldChange) })),
    cancel: z.array(z.strictObject({ debate: text, assignment_id: uuid, title: text })),
    left: z.array(z.strictObject({ debate: text, why: text })),
    conflicts: z.array(conflictAnswer),
  }),
  {
    ...{ plan: EXAMPLE.hash, dry_run: true, asks: [] },
    create: [
      {
        ...{ debate: '42', assignment_id: null, title: 'Harbour v. Atlas', courtroom: 'Room 1' },
        ...{ scheduled_at: EXAMPLE.started_at, visibility: 'institution' as const, format: 'moot-20' },
        ...{ petitioner: [EXAMPLE_MEMBER], respondent: [EXAMPLE_MEMBER], panel: [EXAMPLE_MEMBER] },
      },
    ],
    ...{ change: [], cancel: [], left: [{ debate: '43', why: 'no_venue' }], conflicts: [] },
  },
);
export type PlanAnswer = z.output<typeof planAnswer>;

/** After a sync. */
export const syncAnswer = named(
  'FeedSync',
  z.strictObject({
    rounds: count,
    debates: count,
    people: count,
    /** Matches that were published, or withdrawn, as their draw was. */
    change: planAnswer.shape.change,
    left: planAnswer.shape.left,
    last_sync: at,
    /** Where they were asked for: teams, adjudicators and venues that may be drawn in that round, by the ids of the site. */
    availabilities: z
      .strictObject({ round: count, teams: z.array(text), adjudicators: z.array(text), venues: z.array(text) })
      .optional(),
  }),
  { rounds: 4, debates: 32, people: 128, change: [], left: [], last_sync: EXAMPLE.now },
);
export type SyncAnswer = z.output<typeof syncAnswer>;

/** The same for everything that would be done alike, whatever else is told beside it. */
export function planHash({ create, change, cancel }: Pick<Plan, 'create' | 'change' | 'cancel'>): string {
  const made = create.map(({ debate, match }) => ({ debate, match }));
  return sha256(canonicalize({ create: made, change, cancel })!);
}

export function answerOf(plan: Plan, conflicts: readonly Numbered[], dry_run: boolean): PlanAnswer {
  const { asks, change, cancel, left } = plan;
  return {
    ...{ plan: planHash(plan), dry_run, asks, create: plan.create.map(createdOf) },
    ...{ change: change as PlanAnswer['change'], cancel, left },
    conflicts: conflicts.map(({ debate: _, ...conflict }) => conflict as PlanAnswer['conflicts'][number]),
  };
}

function createdOf({ debate, assignment_id, match }: Creation): PlanAnswer['create'][number] {
  const { title, courtroom, scheduled_at, visibility, format, petitioner, respondent, panel } = match;
  return {
    ...{ debate, assignment_id, title, courtroom, scheduled_at, visibility },
    ...{ format: format as PlanAnswer['create'][number]['format'] },
    ...{ petitioner: [...petitioner], respondent: [...respondent], panel: [...panel] },
  };
}
