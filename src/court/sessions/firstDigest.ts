/**
 * The first version of the digest that sessions are sealed with. No session is sealed with it any more, and those that
 * were stay so for ever: what came into the state since then is none of its.
 */
import canonicalize from 'canonicalize';
import { sha256 } from '../../core/chain/sha256.ts';

/** What a digest takes of a session's state, which itself names the digests. */
export interface Sealed {
  integrity_hash: string | null;
  format: object | null;
  participants: { readonly [user_id: string]: { id: string; unseen_since: string | null } };
  turns: readonly { id: string }[];
  objections: readonly { id: string }[];
  violations: readonly { id: string }[];
  exhibits: readonly { id: string }[];
  corrections: readonly { id: string }[];
  commitments: { readonly [place: string]: string };
}

/** The session's own, and those of each list, in the words of docs/record.md. */
const SESSION = `id assignment_id institution_id title courtroom visibility status created_at started_at ended_at
  recording_url metadata`;
const PARTS = {
  participants: 'id user_id name role status joined_at left_at connection_count',
  turns: `id order_index side kind allotted_ms min_ms protected_ms objections continues state speaker_id speaker_name
    started_at extension_ms paused_ms paused_since paused_by expired_at questions question_since ended_at used_ms
    overtime_ms`,
  objections: `id turn_id ground reason side raised_by raised_at state ruling reserved_at ruled_by ruled_at
    withdrawn_at`,
  violations: 'id user_id turn_id kind description recorded_by recorded_at',
  exhibits: `id side title media_type size_bytes sha256 state number uploaded_by uploaded_at marked_by marked_at turn_id
    tendered_by tendered_at ruling ruled_by ruled_at withdrawn_by withdrawn_at`,
};

/**
 * SHA-256 of the RFC 8785 form of the final state, texts included. Sessions from before there were formats were sealed
 * without what came with them, and sessions without exhibits without their list.
 */
export function firstDigest(session: Sealed): string {
  const { format, turns, objections, violations, exhibits, participants } = session;
  const isOlder = format === null && turns.length + objections.length + violations.length === 0;
  const shown = {
    ...picked(session, SESSION),
    participants: Object.values(participants).map((seat) => picked(seat, PARTS.participants)),
    ...(!isOlder && {
      format,
      turns: turns.map((turn) => picked(turn, PARTS.turns)),
      objections: objections.map((one) => picked(one, PARTS.objections)),
      violations: violations.map((one) => picked(one, PARTS.violations)),
    }),
    ...(exhibits.length > 0 && { exhibits: exhibits.map((one) => picked(one, PARTS.exhibits)) }),
  };
  return sha256(canonicalize(shown) as string);
}

function picked(from: object, names: string): object {
  const values = from as { readonly [name: string]: unknown };
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, values[name]]));
}
