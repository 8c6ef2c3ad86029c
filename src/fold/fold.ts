/**
 * `plearoll/fold`: a session's state from its events, folded by the very definitions that the server folds with, and a
 * snapshot compared with it. The events are those that the client gave out: verified, in order, from the first on.
 */
import type { Position, SessionEvent, SnapshotData } from '../client/client.ts';
import { catalogOf } from '../core/definitions/command.ts';
import type { JsonObject, RecordedEvent } from '../core/definitions/event.ts';
import { reservedBy } from '../core/definitions/reserved.ts';
import { sealedDigest } from '../core/definitions/stream.ts';
import { exhibitResource } from '../court/exhibits/exhibit.ts';
import { court } from '../court/module.ts';
import { objectionResource } from '../court/objections/objection.ts';
import { type SessionState, sessionStream } from '../court/sessions/session.ts';
import { participantResource, sessionResource } from '../court/sessions/sessionResource.ts';
import { activeTurn } from '../court/turns/turn.ts';
import { differencesOf } from './differences.ts';

/** A session's events are the court's alone: browsers load neither texts to be judged nor telephone numbers. */
const { events: definitions, reserved } = catalogOf(
  [...court.commands, ...court.systemCommands],
  reservedBy([court.reserved]),
);

/**
 * - confirmed: the snapshot is what the events fold into
 * - refuted: it is not, and where
 * - unverified: it cannot be told, and why
 */
export type Verdict =
  | { verification: 'confirmed' }
  | { verification: 'refuted'; differences: string[] }
  | { verification: 'unverified'; why: string };

export interface SessionFold {
  /** @throws {RangeError} when it is not the event that follows */
  add(event: SessionEvent): void;
  /** The last event that was added. */
  position(): Position | null;
  /** What the session looks like by its events; of the clock, at that instant. */
  shown(server_time: string): JsonObject;
  /** Compares all that stands in the record; presence, the signature, and the instant of the last check, do not. */
  confirm(snapshot: SnapshotData): Verdict;
  /** The same of a session alone, as `GET /api/session/<id>` and a bundle show it. */
  confirmSession(session: JsonObject): Verdict;
}

export function createFold(session_id: string): SessionFold {
  let state: SessionState = sessionStream.initial(session_id);
  let last: Position | null = null;
  let unreadable: string | undefined;

  function add(event: SessionEvent): void {
    const { event_sequence, event_hash, event_type } = event;
    const next = (last?.event_sequence ?? 0) + 1;
    if (event_sequence !== next) throw new RangeError(`event ${next} follows, not ${event_sequence}`);
    last = { event_sequence, event_hash };
    const definition = definitions.get(event_type);
    if (!definition && reserved.event_types.test(event_type)) unreadable ??= `events of type ${event_type}`;
    if (!definition || unreadable !== undefined) return;
    if (event.payload === null) {
      unreadable = `the payload of event ${event_sequence}, which was erased`;
      return;
    }
    try {
      state = definition.evolve(state, recordedOf(event) as never) as SessionState;
      if (event_type === sessionStream.seal?.event) checkSeal(event);
    } catch {
      unreadable = `the payload of event ${event_sequence}`;
    }
  }

  function checkSeal({ payload }: SessionEvent): void {
    const digest = sealedDigest(sessionStream.seal!, payload!, state);
    if (digest === undefined) unreadable = 'a seal that only a newer version can read';
    else if (payload!.state_digest !== digest) unreadable = 'a seal over another state';
  }

  function shown(server_time: string): JsonObject {
    const { participants, objections, exhibits } = state;
    const head = { sequence: last?.event_sequence ?? 0, event_hash: last?.event_hash ?? '', occurred_at: null };
    const beside = {
      participants_count: Object.keys(participants).length,
      checked_at: null,
      turn: activeTurn(state.turns),
      server_time,
    };
    const session = sessionResource(state, head, beside);
    const { turn, clock } = session;
    return {
      session,
      participants: Object.values(participants).map(participantResource),
      turn,
      clock,
      objections: objections.map(objectionResource),
      exhibits: exhibits.map(exhibitResource),
      head: session.head,
    };
  }

  function confirm({ presence: _, signed_head: __, ...told }: SnapshotData): Verdict {
    return compare(told, told.head, shown);
  }

  function confirmSession(session: JsonObject): Verdict {
    const head = (session.head ?? {}) as Position;
    return compare({ session, clock: session.clock }, head, (server_time) => {
      const expected = shown(server_time);
      return { session: expected.session, clock: expected.clock };
    });
  }

  function compare(told: JsonObject, head: Position, show: (server_time: string) => JsonObject): Verdict {
    if (unreadable !== undefined) return { verification: 'unverified', why: unreadable };
    const { event_sequence, event_hash } = head;
    if (event_sequence !== (last?.event_sequence ?? 0)) {
      return {
        verification: 'unverified',
        why: `it stands at ${event_sequence}, the events at ${last?.event_sequence ?? 0}`,
      };
    }
    if (event_hash !== last?.event_hash) return { verification: 'refuted', differences: ['head.event_hash'] };
    const { server_time } = (told.clock ?? {}) as { server_time?: string };
    const { integrity_last_checked_at } = (told.session ?? {}) as JsonObject;
    const expected = show(server_time ?? '');
    Object.assign(expected.session as JsonObject, { integrity_last_checked_at });
    const differences = differencesOf(inOrder(told), inOrder(expected));
    return differences.length === 0 ? { verification: 'confirmed' } : { verification: 'refuted', differences };
  }

  return { add, position: () => last, shown, confirm, confirmSession };
}

function recordedOf(event: SessionEvent): RecordedEvent {
  const { stream, event_sequence, event_id, event_type, actor_id, occurred_at, event_hash } = event;
  const { payload_commitment, payload } = event;
  return {
    stream,
    sequence: event_sequence,
    id: event_id,
    type: event_type,
    actor: actor_id,
    at: occurred_at,
    event_hash,
    payload_commitment,
    payload: payload ?? {},
  };
}

/** Of one instant several may be: lists are compared in the order of their ids. */
function inOrder(shown: JsonObject): JsonObject {
  const idOf = (one: JsonObject) => String(one.id);
  return Object.fromEntries(
    Object.entries(shown).map(([name, part]) => [
      name,
      Array.isArray(part) ? part.toSorted((a, b) => idOf(a).localeCompare(idOf(b))) : part,
    ]),
  );
}
