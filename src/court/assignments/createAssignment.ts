/** A clerk or the tournament software schedules a match: counsel, panel, courtroom, time and visibility. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { VISIBILITIES } from '../../access/scope.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id, instant, line } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { workableFormat } from '../formats/feasibleFormat.ts';
import { format } from '../formats/format.ts';
import { TEMPLATE_NAMES } from '../formats/templates.ts';
import {
  type AssignmentState,
  assignmentStream,
  GALLERIES,
  GALLERY_MODERATIONS,
  rosterOf,
  theAssignment,
} from './assignment.ts';
import { assignmentResource, warnedAssignmentAnswer } from './assignmentResource.ts';
import { loadCandidates, warningsOf } from './clashes.ts';

const MAX_SIDE = 20;
const person = z.strictObject({ user_id: id, name: line });
const recorded = person.extend({ name: z.string() });
const recordedSide = z.array(privately(recorded));
const judge = person.extend({ presiding: z.boolean() });

const nameless = <P extends { name: string }>(one: P): P => ({ ...one, name: '' });

export const assignmentCreated = defineEvent({
  stream: assignmentStream,
  type: 'ASSIGNMENT_CREATED',
  payload: z.strictObject({
    institution_id: id,
    title: z.string(),
    courtroom: z.string(),
    scheduled_at: z.string(),
    petitioner: recordedSide,
    respondent: recordedSide,
    panel: z.array(privately(recorded.extend({ presiding: z.boolean() }))),
    moderators: recordedSide,
    visibility: z.enum(VISIBILITIES),
    format: z.union([z.string(), format]),
    // Absent where it is false.
    moderators_run: z.boolean().optional(),
    // Absent where it is off, and the other where nothing was said.
    gallery: z.enum(GALLERIES).optional(),
    gallery_moderation: z.enum(GALLERY_MODERATIONS).optional(),
  }),
  evolve: (_, { stream, at, payload }): AssignmentState => ({
    ...payload,
    moderators_run: payload.moderators_run ?? false,
    id: stream.slice(stream.indexOf(':') + 1),
    created_at: at,
    cancelled_at: null,
    cancel_reason: null,
    replaced: [],
    recordings: [],
  }),
  project: ({ at, payload }, state) => {
    const { institution_id, title, courtroom, scheduled_at, visibility, format, moderators_run = false } = payload;
    const { gallery = null, gallery_moderation = null } = payload;
    const facts = {
      institution_id,
      title,
      courtroom,
      scheduled_at,
      visibility,
      format,
      moderators_run,
      gallery,
      gallery_moderation,
      created_at: at,
    };
    const entries = rosterOf(payload).map(({ user_id, ...entry }, place) =>
      insert('rosters', { assignment_id: state!.id, user_id }, { ...entry, place }),
    );
    return [insert('assignments', { id: state!.id }, facts), ...entries];
  },
  erased: ({ petitioner, respondent, panel, moderators, ...payload }) => ({
    ...payload,
    petitioner: petitioner.map(nameless),
    respondent: respondent.map(nameless),
    panel: panel.map(nameless),
    moderators: moderators.map(nameless),
  }),
});

const side = z.array(privately(person)).min(1).max(MAX_SIDE);
const body = z
  .strictObject({
    institution_id: id.optional(),
    title: line,
    courtroom: line,
    scheduled_at: instant,
    petitioner: side,
    respondent: side,
    panel: z
      .array(privately(judge.partial({ presiding: true })))
      .min(1)
      .max(MAX_SIDE),
    moderators: z.array(privately(person)).max(MAX_SIDE).default([]),
    visibility: z.enum(VISIBILITIES),
    format: z.union([z.enum(TEMPLATE_NAMES), workableFormat]).default('moot-20'),
    moderators_run: z.boolean().default(false),
    gallery: z.enum(GALLERIES).default('off'),
    gallery_moderation: z.enum(GALLERY_MODERATIONS).optional(),
  })
  .superRefine(({ petitioner, respondent, panel, moderators }, context) => {
    const seen = new Set<string>();
    for (const [part, people] of Object.entries({ petitioner, respondent, panel, moderators })) {
      people.forEach(({ user_id }, i) => {
        if (seen.has(user_id)) {
          context.addIssue({ code: 'custom', path: [part, i, 'user_id'], message: 'stands on the roster twice' });
        }
        seen.add(user_id);
      });
    }
    if (panel.filter((member) => member.presiding).length > 1) {
      context.addIssue({ code: 'custom', path: ['panel'], message: 'exactly one judge presides' });
    }
  });

export const createAssignment = defineCommand({
  name: 'assignment.create',
  route: 'POST /api/assignment/create',
  summary: 'Schedule a match: teams, panel, courtroom, time and who may look on',
  who: ADMINS,
  body,
  example: {
    ...{ title: 'Meridian v. Harbour Authority', courtroom: 'Courtroom 1', scheduled_at: EXAMPLE.started_at },
    ...{ petitioner: [EXAMPLE.petitioner], respondent: [EXAMPLE.respondent], panel: [EXAMPLE.judge] },
    ...{ visibility: 'public', format: 'moot-20' },
  },
  creates: '/api/assignment',
  faults: ({ institution_id }, actor) =>
    actor.role === 'super_admin' && institution_id === undefined
      ? [{ pointer: '/institution_id', detail: 'a super_admin names the institution' }]
      : [],
  admits: (actor, _, { institution_id }) =>
    actor.role === 'super_admin' || institution_id === undefined || institution_id === actor.institution_id,
  locks: (_, __, id) => [theAssignment(id)],
  facts: { key: ({ id }) => id, load: loadCandidates },
  decide(_, { input, actor }) {
    const { moderators_run, gallery, gallery_moderation, ...match } = input;
    const presiding = Math.max(
      input.panel.findIndex((member) => member.presiding),
      0,
    );
    return [
      assignmentCreated({
        ...match,
        ...(moderators_run && { moderators_run }),
        ...(gallery !== 'off' && { gallery }),
        ...(gallery_moderation && { gallery_moderation }),
        institution_id: input.institution_id ?? actor.institution_id!,
        panel: input.panel.map((member, i) => ({ ...member, presiding: i === presiding })),
      }),
    ];
  },
  resource: warnedAssignmentAnswer,
  result: ({ states }, { now }, candidates) => {
    const assignment = states.assignment!;
    return { ...assignmentResource(assignment, null), warnings: warningsOf(assignment, candidates ?? [], now) };
  },
  records: [assignmentCreated],
  rejects: [],
});
