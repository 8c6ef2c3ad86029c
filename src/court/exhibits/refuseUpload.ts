/** Which uploads are refused: by role, side, kind and number. The door asks before it takes a file in, `decide` after. */

import type { RosterRole, Scope } from '../../access/scope.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Rejection } from '../../core/definitions/problem.ts';
import type { FileInfo } from '../../core/definitions/upload.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { refuseCancelled, sideOf } from '../assignments/assignment.ts';
import { refuseUnrostered } from '../assignments/refuseStranger.ts';
import type { Format, Side } from '../formats/format.ts';
import { resolveFormat } from '../formats/templates.ts';
import { reject } from '../problems.ts';
import type { SessionStatus } from '../sessions/session.ts';
import { isImage, type MediaType } from './mediaTypes.ts';

/** Of a side, withdrawn ones included: more are no use to a court, and disks are finite. */
const MAX_EXHIBITS = 100;

interface Court {
  status: SessionStatus;
  /** When the match was called off. */
  cancelled_at: string | null;
  format: Format;
  /** What the roster calls the actor. */
  role: RosterRole | undefined;
  /** How many exhibits the side has. */
  count(side: Side): number;
}

interface Offered {
  side?: Side | undefined;
  file?: FileInfo | undefined;
}

export function refuseUpload(court: Court, actor: Actor, offered: Offered) {
  const { status, format, role } = court;
  if (status === 'completed') return reject('session_completed', 'The session is completed.');
  return (
    refuseCancelled(court) ??
    refuseUnrostered(actor, role) ??
    refuseOtherSide(actor, role, offered) ??
    refuseImage(format, offered) ??
    refuseMore(court, offered)
  );
}

function refuseOtherSide(actor: Actor, role: RosterRole | undefined, { side }: Offered) {
  if (actor.role !== 'participant' || side === undefined || side === sideOf(role)) return undefined;
  return reject('not_own_side', 'Counsel bring in exhibits of their own side.');
}

function refuseImage({ exhibits }: Format, { file }: Offered) {
  if (!file || !isImage(file.media_type as MediaType) || exhibits?.images) return undefined;
  return reject('images_not_allowed', 'The format of this session takes PDF alone.');
}

/** Before the body is read only counsel's side is known. */
function refuseMore({ role, count }: Court, offered: Offered) {
  const side = offered.side ?? sideOf(role);
  if (side === null || count(side) < MAX_EXHIBITS) return undefined;
  return reject('exhibit_limit', `A side has at most ${MAX_EXHIBITS} exhibits.`, { limit: MAX_EXHIBITS });
}

/** The same at the door, where the session is read from its tables. What has changed by then `decide` will see. */
export async function refuseAtDoor(asked: {
  db: Queryable;
  actor: Actor;
  scope: Scope;
  input: Partial<Offered>;
}): Promise<Rejection | undefined> {
  const { db, actor, scope, input } = asked;
  const { rows } = await db.query<
    Pick<Court, 'status' | 'cancelled_at'> & { format: string | Format } & Record<Side, number>
  >(
    `select s.status, a.cancelled_at, coalesce(s.format, a.format) as format,
       (select count(*) from exhibits where session_id = s.id and side = 'petitioner') as petitioner,
       (select count(*) from exhibits where session_id = s.id and side = 'respondent') as respondent
     from courtroom_sessions s join assignments a on a.id = s.assignment_id where s.id = $1`,
    [scope.session_id],
  );
  const [court] = rows;
  // Its scope is remembered for a moment: a roster that has changed since then hides the session.
  if (!court) return reject('not_found', 'Not found.');
  const { status, cancelled_at, format } = court;
  const role = scope.roster.get(actor.id);
  const count = (side: Side) => court[side];
  return refuseUpload({ status, cancelled_at, format: resolveFormat(format), role, count }, actor, input);
}
