/**
 * Counsel bring in an exhibit of their side, or the bench, the bailiff or a clerk one of either. Its file is kept before
 * this is accepted, so that every listener told of an exhibit can have it. It has no number yet.
 */
import { z } from 'zod';
import { defineUploadCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id, line } from '../../core/definitions/schemas.ts';
import { rosterEntry, sideOf, theAssignment } from '../assignments/assignment.ts';
import { SIDES, type Side } from '../formats/format.ts';
import { resolveFormat } from '../formats/templates.ts';
import { sessionStream, theSession, withSource } from '../sessions/session.ts';
import { ERASED_TITLE, type Exhibit, exhibitAnswer, exhibitInsert, exhibitOf, exhibitResource } from './exhibit.ts';
import { MEDIA_TYPES, type MediaType, mediaTypeOf } from './mediaTypes.ts';
import { refuseAtDoor, refuseUpload } from './refuseUpload.ts';

const MAX_BYTES = 20 * 1024 * 1024;

export const exhibitUploaded = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_UPLOADED',
  payload: z.strictObject({
    exhibit_id: id,
    side: z.enum(SIDES),
    title: z.string(),
    media_type: z.enum(MEDIA_TYPES),
    size_bytes: z.int(),
    sha256: z.string(),
  }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { exhibit_id, ...facts } = payload;
    const exhibit: Exhibit = {
      ...{ id: exhibit_id, ...facts, state: 'uploaded', number: null, uploaded_by: actor, uploaded_at: at },
      ...{ marked_by: null, marked_at: null, turn_id: null, tendered_by: null, tendered_at: null },
      ...{ ruling: null, ruled_by: null, ruled_at: null, withdrawn_by: null, withdrawn_at: null },
    };
    return withSource({ ...session, exhibits: [...session.exhibits, exhibit] }, exhibit_id, 'title', event);
  },
  project: (_, { id, exhibits }) => [exhibitInsert(id, exhibits.at(-1)!)],
  erased: (payload) => ({ ...payload, title: ERASED_TITLE }),
});

const body = z.strictObject({
  title: line,
  /** Counsel need not say theirs. */
  side: z.enum(SIDES).optional(),
});

export const uploadExhibit = defineUploadCommand({
  name: 'exhibit.upload',
  route: 'POST /api/session/:session_id/exhibit/upload',
  summary: 'Bring in an exhibit: a PDF, or an image where the format allows it, at most 20 MiB',
  who: ROLES,
  limit: 'exhibit_upload',
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  body,
  upload: { max_bytes: MAX_BYTES, media_types: MEDIA_TYPES, mediaTypeOf, refuse: refuseAtDoor },
  faults: ({ side }, actor) =>
    side === undefined && actor.role !== 'participant' ? [{ pointer: '/side', detail: 'is needed' }] : [],
  decide({ session, assignment }, { id: exhibit_id, input, actor }) {
    const { title, file } = input;
    const role = rosterEntry(assignment, actor.id)?.role;
    const format = session.format ?? resolveFormat(assignment.format);
    const count = (side: Side) => session.exhibits.filter((one) => one.side === side).length;
    const { cancelled_at } = assignment;
    const refusal = refuseUpload({ status: session.status, cancelled_at, format, role, count }, actor, input);
    if (refusal) return refusal;
    const side = input.side ?? sideOf(role)!;
    const { media_type, size_bytes, sha256 } = file;
    return [exhibitUploaded({ exhibit_id, side, title, media_type: media_type as MediaType, size_bytes, sha256 })];
  },
  resource: exhibitAnswer,
  result: ({ states }, { id }) => exhibitResource(exhibitOf(states.session, id)),
  records: [exhibitUploaded],
  rejects: [
    ...(['session_completed', 'assignment_cancelled', 'role_not_on_roster', 'not_on_panel'] as const),
    ...(['not_own_side', 'images_not_allowed', 'exhibit_limit'] as const),
  ],
});
