/** The bundle that the server would give out of a database as it stands, whatever was done to it: by its own readers and its own proof. */
import { envelopeText } from '../../../src/core/chain/chain.ts';
import type { EventRow } from '../../../src/core/chain/ledger.ts';
import { idOf } from '../../../src/core/definitions/stream.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { findSession } from '../../../src/court/sessions/readSession.ts';
import { type Erasing, findSeal, proofText } from '../../../src/http/queries/bundleProof.ts';
import { payloadLineText } from '../../../src/verifier/payloads.ts';
import type { Bundle } from '../../support/bundles.ts';
import { chainOf } from './rewrite.ts';

/** @returns undefined where there is no such session to be seen */
export async function bundleFrom(db: Queryable, stream: string): Promise<Bundle | undefined> {
  const session = await findSession(db, idOf(stream));
  if (!session) return undefined;
  const last = Number(session.head.event_sequence);
  const rows = (await chainOf(db, stream)).filter(({ sequence }) => sequence <= last);
  const erasing: Erasing[] = [];
  const own = await chainOf(db, `assignment:${session.assignment_id}`);
  const payloads = rows.map((row) => payloadLineOf(row, own, erasing));
  const bundle = { events: rows.map(envelopeOf), payloads, session: JSON.stringify(session) };
  // Where a tile is too short the bundle breaks off: no proof comes with it.
  const more = await sealOf(db, stream, last, erasing).catch(() => ({}));
  return { ...bundle, more };
}

async function sealOf(db: Queryable, stream: string, last: number, erasing: Erasing[]): Promise<Bundle['more']> {
  const seal = await findSeal(db, stream, last, erasing);
  if (!seal) return {};
  let proof = '';
  for await (const piece of proofText((read) => read(db), seal)) proof += piece;
  return { 'proof.json': proof, 'checkpoint.note': seal.note };
}

function payloadLineOf(row: EventRow, assignment: EventRow[], erasing: Erasing[]): string {
  const { stream, sequence, payload, payload_salt } = row;
  if (payload !== null) return payloadLineText({ sequence, salt: payload_salt ?? '', payload });
  const by = assignment.find(({ event_type, payload: said }) => {
    if (event_type !== 'PAYLOAD_ERASED' || said === null) return false;
    const erased = JSON.parse(said);
    return erased.stream === stream && erased.event_sequence === sequence;
  });
  if (!by) return payloadLineText({ sequence, erased: true, by: null });
  erasing.push({ sequence, by: { stream: by.stream, sequence: by.sequence } });
  const erasure = { envelope: envelopeOf(by), salt: by.payload_salt!, payload: by.payload! };
  return payloadLineText({ sequence, erased: true, by: erasure });
}

export function envelopeOf(row: EventRow): string {
  const { sequence, stream, previous_hash } = row;
  return envelopeText({
    ...{ actor: row.actor_id, at: row.occurred_at, commitment: row.payload_commitment, id: row.event_id },
    ...{ previous_hash, sequence, stream, type: row.event_type },
  });
}
