/** Every question the API answers about assignments, sessions, findings and the schedule. What is not in this list does not exist. */
import { z } from 'zod';
import { ROLES } from './core/definitions/actor.ts';
import type { JsonObject } from './core/definitions/event.ts';
import { pageQuery } from './core/definitions/page.ts';
import { defineQuery, type QueryDefinition } from './core/definitions/query.ts';
import { instant, wholeNumber } from './core/definitions/schemas.ts';
import type { Queryable } from './core/sql/queryable.ts';
import { findAssignment, readAssignments } from './court/assignments/readAssignments.ts';
import type { Exhibit } from './court/exhibits/exhibit.ts';
import { attachmentOf, verifyFile } from './court/exhibits/exhibitFile.ts';
import { findExhibitOf, readExhibits } from './court/exhibits/readExhibits.ts';
import { readObjections } from './court/objections/readObjections.ts';
import { readAttendance } from './court/participants/readAttendance.ts';
import { readParticipants } from './court/participants/readParticipants.ts';
import { readRecordings } from './court/recordings/readRecordings.ts';
import { readLog } from './court/sessions/readLog.ts';
import { findSession, readActiveSessions } from './court/sessions/readSession.ts';
import { readTurns } from './court/turns/readTurns.ts';
import { readViolations } from './court/violations/readViolations.ts';
import { FINDING_STATES, readFindings } from './integrity/readFindings.ts';
import { completeSessionReport, verifySession } from './integrity/verifySession.ts';
import { catalog } from './modules.ts';
import { findHealthReport } from './operations/readHealthReport.ts';
import { readSchedules } from './operations/readSchedules.ts';

const MAX_LOGS = 1_000;
const ENDLESS = 2 ** 31 - 1;

type SessionParams = { session_id: string };

const uuid = z.guid().toLowerCase();
const sequence = wholeNumber(1, ENDLESS);
const none = z.strictObject({});

/** A page as the query string asks for it. */
function page({ limit, cursor }: { limit: number; cursor?: string[] | undefined }) {
  return { limit, after: cursor ?? [] };
}

const ofSession = {
  roles: ROLES,
  target: ({ session_id }: SessionParams) => ({ kind: 'session' as const, id: session_id }),
};

const assignmentList = z.strictObject(pageQuery([uuid]));
const readAssignmentList = defineQuery<unknown, z.output<typeof assignmentList>>({
  name: 'assignment.list',
  route: 'GET /api/assignment/list',
  summary: 'Assignments that you may see',
  roles: ROLES,
  query: assignmentList,
  target: () => null,
  read: ({ db, actor, query }) => readAssignments(db, actor, page(query)),
});

const readAssignment = defineQuery<{ assignment_id: string }, unknown>({
  name: 'assignment.get',
  route: 'GET /api/assignment/:assignment_id',
  summary: 'One assignment with its roster',
  roles: ROLES,
  query: none,
  target: ({ assignment_id }) => ({ kind: 'assignment', id: assignment_id }),
  read: ({ db, params }) => findAssignment(db, params.assignment_id),
});

const activeList = z.strictObject(pageQuery([instant, uuid]));
const readActiveList = defineQuery<unknown, z.output<typeof activeList>>({
  name: 'session.active',
  route: 'GET /api/session/active/list',
  summary: 'Active sessions that you may see, by the time they were started',
  roles: ROLES,
  query: activeList,
  target: () => null,
  read: ({ db, actor, query }) => readActiveSessions(db, actor, page(query)),
});

const readSession = defineQuery<SessionParams, unknown>({
  ...ofSession,
  name: 'session.get',
  route: 'GET /api/session/:session_id',
  summary: 'One session with its head',
  query: none,
  read: ({ db, params }) => findSession(db, params.session_id),
  version: (body) => String((body.head as { event_sequence: number }).event_sequence),
});

const participantList = z.strictObject(pageQuery([instant, uuid]));
const readParticipantList = defineQuery<SessionParams, z.output<typeof participantList>>({
  ...ofSession,
  name: 'session.participants',
  route: 'GET /api/session/:session_id/participants',
  summary: 'Who takes part, in order of joining',
  query: participantList,
  read: ({ db, params, query }) => readParticipants(db, params.session_id, page(query)),
});

const readAttendanceReport = defineQuery<SessionParams, unknown>({
  ...ofSession,
  name: 'session.attendance',
  route: 'GET /api/session/:session_id/attendance',
  summary: 'Who of the roster was in the room, when and for how long, from the record',
  query: none,
  read: ({ db, params }) => readAttendance(db, params.session_id),
});

const turnList = z.strictObject(pageQuery([z.string().regex(/^[0-9]{1,9}$/)]));
const readTurnList = defineQuery<SessionParams, z.output<typeof turnList>>({
  ...ofSession,
  name: 'session.turns',
  route: 'GET /api/session/:session_id/turns',
  summary: 'The turns in the order in which they were planned, each with its clock, and the format they follow',
  query: turnList,
  read: ({ db, params, query }) => readTurns(db, params.session_id, page(query)),
});

const byInstant = z.strictObject(pageQuery([instant, uuid]));
const readObjectionList = defineQuery<SessionParams, z.output<typeof byInstant>>({
  ...ofSession,
  name: 'session.objections',
  route: 'GET /api/session/:session_id/objections',
  summary: 'The objections in the order in which they were raised',
  query: byInstant,
  read: ({ db, params, query }) => readObjections(db, params.session_id, page(query)),
});

const readViolationList = defineQuery<SessionParams, z.output<typeof byInstant>>({
  ...ofSession,
  name: 'session.violations',
  route: 'GET /api/session/:session_id/violations',
  summary: 'The procedural violations in the order in which they were recorded',
  query: byInstant,
  read: ({ db, params, query }) => readViolations(db, params.session_id, page(query)),
});

const readExhibitList = defineQuery<SessionParams, z.output<typeof byInstant>>({
  ...ofSession,
  name: 'session.exhibits',
  route: 'GET /api/session/:session_id/exhibits',
  summary: 'The exhibits in the order in which they were uploaded',
  query: byInstant,
  read: ({ db, params, query }) => readExhibits(db, params.session_id, page(query)),
});

type ExhibitParams = { session_id: string; exhibit_id: string };
const ofExhibit = {
  roles: ROLES,
  query: none,
  target: ({ session_id, exhibit_id }: ExhibitParams) => ({ kind: 'session' as const, id: session_id, exhibit_id }),
  read: ({ db, params }: { db: Queryable; params: ExhibitParams }) => findExhibitOf(db, params),
};

const readExhibit = defineQuery<ExhibitParams, unknown>({
  ...ofExhibit,
  name: 'exhibit.get',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id',
  summary: 'One exhibit',
});

const downloadExhibit = defineQuery<ExhibitParams, unknown>({
  ...ofExhibit,
  name: 'exhibit.download',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id/download',
  summary: 'The file of an exhibit, as it was uploaded',
  attach: (body) => attachmentOf(body as unknown as Exhibit),
});

const verifyExhibit = defineQuery<ExhibitParams, unknown>({
  ...ofExhibit,
  name: 'exhibit.verify',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id/verify',
  summary: 'Hash the file of an exhibit again',
  complete: (body, blobs) => verifyFile(body as unknown as Exhibit, blobs),
});

const readRecordingList = defineQuery<SessionParams, z.output<typeof byInstant>>({
  ...ofSession,
  name: 'session.recordings',
  route: 'GET /api/session/:session_id/recordings',
  summary: 'The recordings that were added beside the one that the session names',
  query: byInstant,
  read: ({ db, params, query }) => readRecordings(db, params.session_id, page(query)),
});

const range = z.strictObject({
  start_sequence: sequence.default(1),
  end_sequence: sequence.default(ENDLESS),
  limit: wholeNumber(1, MAX_LOGS).default(MAX_LOGS),
});
const readLogs = defineQuery<SessionParams, z.output<typeof range>>({
  ...ofSession,
  name: 'session.logs',
  route: 'GET /api/session/:session_id/logs',
  summary: 'The events of a session, a range at a time',
  query: range,
  read: async ({ db, params, query }) => (await readLog(db, params.session_id, query)) as JsonObject | undefined,
});

const replayFrom = z.strictObject({ from_sequence: sequence.default(1) });
const readReplay = defineQuery<SessionParams, z.output<typeof replayFrom>>({
  ...ofSession,
  name: 'session.replay',
  route: 'GET /api/session/:session_id/replay',
  summary: 'The events of a session from one on, that one included',
  query: replayFrom,
  async read({ db, params, query }) {
    const asked = { start_sequence: query.from_sequence, end_sequence: ENDLESS, limit: MAX_LOGS };
    return (await readLog(db, params.session_id, asked)) as JsonObject | undefined;
  },
});

const verify = defineQuery<SessionParams, unknown>({
  ...ofSession,
  name: 'session.verify',
  route: 'GET /api/session/:session_id/verify',
  summary: 'Recompute every hash and link of a session, fold its events, compare the tables and hash its files again',
  query: none,
  asVerifier: true,
  read: ({ db, params }) => verifySession(db, catalog, params.session_id),
  complete: completeSessionReport,
});

const findingList = z.strictObject({ ...pageQuery([instant, uuid]), state: z.enum(FINDING_STATES).default('open') });
const readFindingList = defineQuery<unknown, z.output<typeof findingList>>({
  name: 'findings.list',
  route: 'GET /ops/findings',
  summary: 'What the timed jobs found wrong with the record, the newest first',
  roles: ['super_admin'],
  query: findingList,
  target: () => null,
  read: ({ db, query }) => readFindings(db, query.state, page(query)),
});

const ofOperations = { roles: ['super_admin'], target: () => null, query: none } as const;

const readScheduleList = defineQuery({
  ...ofOperations,
  name: 'ops.schedules',
  route: 'GET /ops/schedules',
  summary: 'Timed jobs: when each last ran and will run next, how it ended, and which scheduler leads',
  read: ({ db }) => readSchedules(db),
});

const readHealthReport = defineQuery({
  ...ofOperations,
  name: 'ops.health_report',
  route: 'GET /ops/health-report',
  summary: 'The last daily health report',
  read: ({ db }) => findHealthReport(db),
});

export const queries = [
  readAssignmentList,
  readAssignment,
  readActiveList,
  readSession,
  readParticipantList,
  readAttendanceReport,
  readTurnList,
  readObjectionList,
  readViolationList,
  readExhibitList,
  readExhibit,
  downloadExhibit,
  verifyExhibit,
  readRecordingList,
  readLogs,
  readReplay,
  verify,
  readFindingList,
  readScheduleList,
  readHealthReport,
] as unknown as readonly QueryDefinition[];
