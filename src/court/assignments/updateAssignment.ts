/**
 * A clerk changes a match before it begins: another time, another courtroom, another name, format or visibility. The
 * session that waits for it follows, and its listeners are told.
 */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate, VISIBILITIES } from '../../access/scope.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { definedOf } from '../../core/definitions/defined.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { instant, line } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { workableFormat } from '../formats/feasibleFormat.ts';
import { format } from '../formats/format.ts';
import { TEMPLATE_NAMES } from '../formats/templates.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession } from '../sessions/session.ts';
import { assignmentStream, GALLERIES, GALLERY_MODERATIONS, refuseCancelled, theAssignment } from './assignment.ts';
import { warnedAssignmentAnswer } from './assignmentResource.ts';
import { type Candidate, loadCandidates, warningsOf } from './clashes.ts';
import { matchResult, openSession, refuseOpened } from './matchCommand.ts';

const shown = { title: z.string(), courtroom: z.string(), visibility: z.enum(VISIBILITIES) };

/** What is not named stays. */
export const assignmentUpdated = defineEvent({
  stream: assignmentStream,
  type: 'ASSIGNMENT_UPDATED',
  payload: z
    .strictObject({
      ...shown,
      scheduled_at: z.string(),
      format: z.union([z.string(), format]),
      moderators_run: z.boolean(),
      gallery: z.enum(GALLERIES),
      gallery_moderation: z.enum(GALLERY_MODERATIONS),
    })
    .partial(),
  evolve: (assignment, { payload }) => ({ ...assignment!, ...definedOf(payload) }),
  project: ({ payload }, assignment) => [update('assignments', { id: assignment!.id }, definedOf(payload))],
});

export const sessionUpdated = defineEvent({
  stream: sessionStream,
  type: 'SESSION_UPDATED',
  payload: z.strictObject(shown).partial(),
  evolve: (session, { payload }) => ({ ...session, ...definedOf(payload) }),
  project: ({ payload }, { id }) => [update('courtroom_sessions', { id }, definedOf(payload))],
});

const body = z
  .strictObject({
    title: line.optional(),
    courtroom: line.optional(),
    scheduled_at: instant.optional(),
    visibility: z.enum(VISIBILITIES).optional(),
    format: z.union([z.enum(TEMPLATE_NAMES), workableFormat]).optional(),
    moderators_run: z.boolean().optional(),
    gallery: z.enum(GALLERIES).optional(),
    gallery_moderation: z.enum(GALLERY_MODERATIONS).optional(),
  })
  .refine((input) => Object.keys(definedOf(input)).length > 0, 'names nothing to change');

interface Around {
  session_id: string | undefined;
  candidates: Candidate[];
}

/** Keyed by the command: what it asks for is read with the eyes of the one who asks. */
const around: FactSource<z.output<typeof body> & { assignment_id: string }, Around> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const text = `select id, input ->> 'assignment_id' as assignment_id from commands where id = any($1)`;
    const { rows } = await db.query<{ id: string; assignment_id: string }>(text, [command_ids]);
    const open = await openSession.load(
      db,
      rows.map(({ assignment_id }) => assignment_id),
    );
    const candidates = await loadCandidates(db, command_ids);
    return new Map(
      rows.map(({ id, assignment_id }) => [
        id,
        { session_id: open.get(assignment_id), candidates: candidates.get(id) ?? [] },
      ]),
    );
  },
};

export const updateAssignment = defineCommand({
  name: 'assignment.update',
  route: 'POST /api/assignment/:assignment_id/update',
  summary: 'Change the time, the courtroom or the terms of a match before it begins',
  who: ADMINS,
  admits: mayOfficiate,
  locks: ({ assignment_id }, { session_id }) => [
    theAssignment(assignment_id),
    session_id === null ? null : theSession(session_id),
  ],
  facts: around,
  body,
  example: { courtroom: 'Courtroom 2' },
  decide(states, { input }, known) {
    const { assignment, session } = states;
    const opened = refuseOpened(states, known?.session_id);
    if (opened) return opened;
    if (session && session.status !== 'pending') {
      return reject('session_started', `The session is ${session.status}.`, { from: session.status });
    }
    const cancelled = refuseCancelled(assignment);
    if (cancelled) return cancelled;
    const { assignment_id: _, ...changes } = definedOf(input);
    const { scheduled_at, format, moderators_run, gallery, gallery_moderation, ...told } = changes;
    const before = { gallery: 'off', ...assignment };
    const isNew = Object.entries(changes).filter(
      ([field, value]) => JSON.stringify(before[field as keyof typeof changes]) !== JSON.stringify(value),
    );
    if (isNew.length === 0) return [];
    const isTold = session && isNew.some(([field]) => field in told);
    return [
      assignmentUpdated(Object.fromEntries(isNew)),
      ...(isTold ? [sessionUpdated(Object.fromEntries(isNew.filter(([field]) => field in told)))] : []),
    ];
  },
  resource: warnedAssignmentAnswer,
  result: (applied, { now }, known) => ({
    ...matchResult(applied),
    warnings: warningsOf(applied.states.assignment, known?.candidates ?? [], now),
  }),
  records: [assignmentUpdated, sessionUpdated],
  rejects: ['session_started', 'session_exists', 'assignment_cancelled'],
});
