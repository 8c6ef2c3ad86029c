/** An assignment as every answer shows it. */
import { z } from 'zod';
import { VISIBILITIES } from '../../access/scope.ts';
import { at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { formatAnswer } from '../formats/format.ts';
import { GALLERIES, GALLERY_MODERATIONS, type ShownAssignment } from './assignment.ts';
import { warning } from './clashes.ts';

const person = z.strictObject({ user_id: uuid, name: text });
const judge = person.extend({ presiding: z.boolean() });

const EXAMPLE_ASSIGNMENT = {
  ...{ id: EXAMPLE.assignment_id, institution_id: EXAMPLE.institution_id, title: 'Meridian v. Harbour Authority' },
  ...{ courtroom: 'Courtroom 1', scheduled_at: EXAMPLE.started_at, petitioner: [EXAMPLE.petitioner] },
  ...{ respondent: [EXAMPLE.respondent], panel: [{ ...EXAMPLE.judge, presiding: true }], moderators: [] },
  ...{
    visibility: 'public' as const,
    format: 'moot-20',
    moderators_run: false,
    gallery: 'breaks' as const,
    gallery_moderation: 'before' as const,
    session_id: EXAMPLE.session_id,
    created_at: EXAMPLE.created_at,
  },
  ...{ cancelled_at: null, cancel_reason: null },
};

export const assignmentAnswer = named(
  'Assignment',
  z.strictObject({
    id: uuid,
    institution_id: uuid,
    title: text,
    courtroom: text,
    scheduled_at: at,
    petitioner: z.array(person),
    respondent: z.array(person),
    panel: z.array(judge),
    moderators: z.array(person),
    visibility: z.enum(VISIBILITIES),
    /** The name of a template, or a format of their own. */
    format: z.union([text, formatAnswer]),
    /** Whether its moderators start, pause, resume and log, and rule for the presiding judge. */
    moderators_run: z.boolean(),
    /** When spectators may speak beside the session. */
    gallery: z.enum(GALLERIES),
    /** Whether a moderator reads what they say before others do. */
    gallery_moderation: z.enum(GALLERY_MODERATIONS),
    /** Null until it is opened. */
    session_id: uuid.nullable(),
    created_at: at,
    /** When the match was called off; null while it stands. */
    cancelled_at: at.nullable(),
    cancel_reason: text.nullable(),
  }),
  EXAMPLE_ASSIGNMENT,
);

/** As its creation and its changes are answered: with what stands against its time and place. */
export const warnedAssignmentAnswer = named(
  'WarnedAssignment',
  assignmentAnswer.extend({ warnings: z.array(warning) }),
  { ...EXAMPLE_ASSIGNMENT, warnings: [{ code: 'in_the_past', scheduled_at: EXAMPLE.started_at }] },
);
export const assignmentList = listOf('AssignmentList', assignmentAnswer);

export function assignmentResource(
  assignment: ShownAssignment,
  session_id: string | null,
): z.output<typeof assignmentAnswer> {
  const { id, institution_id, title, courtroom, scheduled_at, visibility, format, moderators_run, created_at } =
    assignment;
  const { petitioner, respondent, panel, moderators, cancelled_at, cancel_reason } = assignment;
  return {
    id,
    institution_id,
    title,
    courtroom,
    scheduled_at,
    petitioner,
    respondent,
    panel,
    moderators,
    visibility,
    format,
    moderators_run,
    gallery: assignment.gallery ?? 'off',
    gallery_moderation: moderationOf(assignment),
    session_id,
    created_at,
    cancelled_at,
    cancel_reason,
  };
}

/** What a public audience says is read first, unless the match says otherwise. */
function moderationOf({ gallery_moderation, visibility }: Pick<ShownAssignment, 'gallery_moderation' | 'visibility'>) {
  return gallery_moderation ?? (visibility === 'public' ? 'before' : 'after');
}
