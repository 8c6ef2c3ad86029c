/** The listeners that a gallery takes, and its state, by what court and moderators say of it just now: never by what is kept. */
import { readScopes, type Scope } from '../../access/scope.ts';
import { createBatcher } from '../../core/batcher.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem, type Rejection } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { reject } from '../../gallery/galleryProblems.ts';
import type { Hall } from '../../gallery/hall.ts';
import { readHalls } from '../../gallery/readHalls.ts';
import { refuseClosed, refuseEntry } from '../../gallery/refusals.ts';
import type { CompositeKeys } from '../../guard/compositeKeys.ts';
import { limitKey } from '../../infra/addresses.ts';
import type { Identity, Ticket } from '../../infra/tokens.ts';
import type { GalleryState } from '../../live/galleryMessages.ts';
import { ANYBODY, type Door, mayListen } from '../listeners/admission.ts';
import type { Ending } from '../listeners/listeners.ts';
import { CLOSE, type CloseCode } from '../listeners/messages.ts';

/** The scope of a session with the state of its gallery. */
export interface GalleryScope extends Scope {
  hall: Omit<Hall, 'seat'>;
}

const SESSIONS_AT_ONCE = 500;
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };
const CLOSES: Record<number, CloseCode> = { 401: CLOSE.token, 404: CLOSE.scope, 409: CLOSE.origin };

/** To a gallery: open to everybody where its session is public. */
export function createGalleryDoor(db: Queryable, keys: CompositeKeys): Door {
  const scopes = createBatcher<string, GalleryScope | undefined>(SESSIONS_AT_ONCE, readEach, () => true);

  async function readEach(session_ids: string[]): Promise<(GalleryScope | undefined)[]> {
    const found = await readGalleryScopes(db, [...new Set(session_ids)]);
    return session_ids.map((id) => found.get(id));
  }

  return {
    anybody: ANYBODY,
    // As the guard knows what this browser posts.
    guestOf({ institution_id, session_id }, { address, fingerprint }) {
      return keys.guestOf(session_id!, keys.keyOf(institution_id, limitKey(address), fingerprint));
    },
    async demandSession(id, identity) {
      const scope = await scopes.push(id);
      const rejection = refuseListener(scope, identity);
      if (!rejection) return scope!;
      throw new Problem(rejection, undefined, {}, rejection.rejected === 'unauthenticated' ? CHALLENGE : {});
    },
  };
}

/** Of the sessions that are there, by session. */
export async function readGalleryScopes(
  db: Queryable,
  session_ids: readonly string[],
): Promise<Map<string, GalleryScope>> {
  const scopes = await readScopes(db, session_ids);
  // Read last: a session that became active meanwhile is seen to be.
  const halls = await readHalls(db, session_ids);
  const found = new Map<string, GalleryScope>();
  for (const [session_id, scope] of scopes) {
    const hall = halls.get(session_id);
    if (hall) found.set(session_id, { ...scope, hall });
  }
  return found;
}

/** Why this listener may not, or may no longer, hear the gallery. */
function refuseListener(scope: GalleryScope | undefined, identity: Identity | Ticket): Rejection | undefined {
  const isAnybody = identity === ANYBODY;
  if (!scope || !mayListen(scope, identity)) {
    // Without a token it must not be told what is there.
    return isAnybody ? reject('unauthenticated', 'Send a token.') : reject('not_found', 'There is no such gallery.');
  }
  const person = 'session_id' in identity ? identity.holder : identity.actor;
  const role = scope.roster.get(person.id);
  const seat = role === undefined ? null : { role, presiding: false };
  return refuseEntry({ ...scope.hall, seat }, isAnybody ? person : asKnown(person));
}

/** Why a listener that is there has to go. */
export function endOfListener(scope: GalleryScope | undefined, identity: Identity | Ticket): Ending | undefined {
  const rejection = refuseListener(scope, identity);
  if (!rejection) return undefined;
  const { status, code, detail } = rejection.problem;
  return [CLOSES[status] ?? CLOSE.scope, { type: 'ERROR', code, detail }];
}

export function stateOf({ hall }: GalleryScope): GalleryState {
  const isOpen = hall.mode !== 'off' && refuseClosed({ ...hall, seat: null }) === undefined;
  return { open: isOpen, slow_seconds: hall.slow_seconds };
}

/** On sockets a ticket is enough to be known. */
function asKnown(person: Actor): Actor {
  return { ...person, role: 'participant' };
}
