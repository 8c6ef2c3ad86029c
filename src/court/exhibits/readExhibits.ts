/** Reading a session's exhibits, in the order in which they were uploaded, and one of them. */
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { aboutSession, byInstant, sessionRows } from '../sessions/sessionQuery.ts';
import {
  type Exhibit,
  type ExhibitState,
  exhibitAnswer,
  exhibitList,
  exhibitResource,
  exhibits,
  isErased,
} from './exhibit.ts';

const COLUMNS = `id, side, title, media_type, size_bytes, sha256, state, number, uploaded_by, uploaded_at, marked_by,
  marked_at, turn_id, tendered_by, tendered_at, ruling, ruled_by, ruled_at, withdrawn_by, withdrawn_at`;

/** In evidence: all of the exhibits that the public is shown. */
const IN_EVIDENCE: ExhibitState = 'admitted';

const exhibitRows = sessionRows('exhibits', COLUMNS, 'uploaded_at', exhibitResource);
const evidenceRows = sessionRows('exhibits', COLUMNS, 'uploaded_at', exhibitResource, `state = '${IN_EVIDENCE}'`);

export const readAllExhibits = exhibitRows.all;

export const readExhibits = defineQuery({
  name: 'session.exhibits',
  route: 'GET /api/session/:session_id/exhibits',
  summary: 'The exhibits in the order in which they were uploaded; without a token those in evidence',
  roles: 'anyone',
  query: byInstant,
  target: aboutSession,
  answer: exhibitList,
  read({ db, actor, params, query }) {
    const rows = actor.role === 'anonymous' ? evidenceRows : exhibitRows;
    return rows.page(db, params.session_id, query);
  },
});

export const readExhibit = defineQuery({
  name: 'exhibit.get',
  route: 'GET /api/session/:session_id/exhibit/:exhibit_id',
  summary: 'One exhibit; without a token one in evidence',
  roles: 'anyone',
  query: NO_QUERY,
  target: aboutExhibit,
  answer: exhibitAnswer,
  async read({ db, actor, params }) {
    const exhibit = await findExhibit({ db, params });
    return actor.role === 'anonymous' && exhibit?.state !== IN_EVIDENCE ? undefined : exhibit;
  },
});

interface ExhibitParams {
  session_id: string;
  exhibit_id: string;
}

export function aboutExhibit({ session_id, exhibit_id }: ExhibitParams) {
  return { kind: 'session' as const, id: session_id, parts: [{ table: exhibits, id: exhibit_id }] };
}

/** One with a file: that of an erased one is gone. */
export async function findWithFile(asked: Parameters<typeof findExhibit>[0]) {
  const exhibit = await findExhibit(asked);
  return exhibit && !isErased(exhibit) ? exhibit : undefined;
}

/** @returns undefined where the session has none of that id */
export async function findExhibit({
  db,
  params: { session_id, exhibit_id },
}: {
  db: Queryable;
  params: ExhibitParams;
}) {
  const text = `select ${COLUMNS} from exhibits where session_id = $1 and id = $2`;
  const { rows } = await db.query<Exhibit>(text, [session_id, exhibit_id]);
  return rows[0] && exhibitResource(rows[0]);
}
