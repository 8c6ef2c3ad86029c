/**
 * Looks at every gallery with listeners again whenever its session did something or a moderator opened, closed or slowed it,
 * and each second besides, because an announcement may be lost: listeners that may hear it no more are dismissed, and the
 * others are told how it stands.
 */
import { streamName } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { galleryClosed } from '../../gallery/closeGallery.ts';
import { galleryStream } from '../../gallery/gallery.ts';
import { galleryOpened } from '../../gallery/openGallery.ts';
import { gallerySlowed } from '../../gallery/slowGallery.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { listenForScopeChanges } from '../../infra/broadcast/scopeChanges.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { checkInTurn } from '../listeners/checkInTurn.ts';
import type { Guest } from '../listeners/guests.ts';
import type { Listeners } from '../listeners/listeners.ts';
import type { Prepared } from '../listeners/prepared.ts';
import { type GalleryScope, readGalleryScopes, stateOf } from './galleryScope.ts';
import { prepareGallery } from './prepareGallery.ts';

export interface GalleryWatchOptions {
  db: Queryable;
  broadcast: Broadcast;
  listeners: Listeners;
  log: Log;
}

export interface GalleryWatch {
  /** A listener has come: it was admitted on what may have changed since. */
  checkOne(session_id: string): void;
  close(): void;
}

const EVERY_MS = 1_000;
/** What says how a gallery stands. A message that quotes one of them costs a look. */
const CHANGES = [galleryOpened, galleryClosed, gallerySlowed].map(({ type }) => type);

export function watchGalleries({ db, broadcast, listeners, log }: GalleryWatchOptions): GalleryWatch {
  /** What ends hearing of each. */
  const heard = new Map<string, () => void>();
  /** How the gallery stood when each was told last. */
  const told = new WeakMap<Guest, string>();
  const check = checkInTurn(checkSome);

  function checkOne(session_id: string): void {
    if (!heard.has(session_id)) heard.set(session_id, hear(session_id));
    void check([session_id]);
  }

  /** @returns what ends it */
  function hear(session_id: string): () => void {
    const checkIt = () => void check([session_id]);
    // Of a crowd that speaks and votes nothing follows for all who listen.
    const checkAtChange = (announced: string) => CHANGES.some((type) => announced.includes(type)) && checkIt();
    const subscribed = [
      broadcast.subscribe(sessionStreamName(session_id), checkIt),
      broadcast.subscribe(streamName(galleryStream.kind, session_id), checkAtChange),
    ];
    for (const one of subscribed) one.catch((err) => log.warn({ err, session_id }, 'gallery failed to subscribe'));
    return () => {
      for (const one of subscribed) void one.then((end) => end()).catch(() => {});
    };
  }

  async function checkSome(session_ids: string[]): Promise<void> {
    const arrived = listeners.arrived();
    try {
      const scopes = await readGalleryScopes(db, session_ids);
      listeners.review(session_ids, scopes, arrived);
      for (const [session_id, scope] of scopes) tell(session_id, scope);
    } catch (err) {
      log.warn({ err }, 'checking galleries failed');
    }
  }

  function tell(session_id: string, scope: GalleryScope): void {
    const state = stateMessage(scope);
    for (const guest of listeners.guests.of(session_id)) {
      const before = told.get(guest) ?? stateMessage(guest.admitted.scope as GalleryScope).text;
      if (before === state.text || guest.visit.tell(state)) told.set(guest, state.text);
    }
  }

  function checkAll(): void {
    const sessions = new Set(listeners.sessions());
    for (const [session_id, end] of heard) {
      if (sessions.has(session_id)) continue;
      end();
      heard.delete(session_id);
    }
    void check([...sessions]);
  }

  const stopListening = listenForScopeChanges(
    broadcast,
    { onChange: (assignment_id) => void check(listeners.sessions(assignment_id)), onInterruption: checkAll },
    log,
  );
  const timer = setInterval(checkAll, EVERY_MS).unref();

  function close(): void {
    clearInterval(timer);
    stopListening();
    for (const end of heard.values()) end();
    heard.clear();
  }

  return { checkOne, close };
}

/** A listener that is welcomed is told the same. */
function stateMessage(scope: GalleryScope): Prepared {
  return prepareGallery({ type: 'STATE', ...stateOf(scope) });
}
