/** The galleries' part of a relay: rooms, listeners and admission of their own, on the same ways as those of sessions. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { findOpenGallery } from '../../gallery/openGalleries.ts';
import { createCompositeKeys } from '../../guard/compositeKeys.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { serverSecretOf } from '../../infra/process/serverSecret.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import { type AdmissionOptions, createAdmission, LAST_OPEN, type Request } from '../listeners/admission.ts';
import type { GuardAdmission } from '../listeners/admissionGuard.ts';
import { createListeners, type Listeners } from '../listeners/listeners.ts';
import { NO_SEATS } from '../listeners/presenceLeases.ts';
import type { Reception } from '../listeners/reception.ts';
import type { ResumeTickets } from '../listeners/resumeTickets.ts';
import { startHeadCheck } from '../rooms/headCheck.ts';
import { createStreamReaders } from '../rooms/readers.ts';
import { createRooms } from '../rooms/rooms.ts';
import { createGalleryKind } from './galleryKind.ts';
import { GALLERY_PROTOCOL } from './galleryProtocol.ts';
import { createGalleryDoor, endOfListener, type GalleryScope } from './galleryScope.ts';
import { watchGalleries } from './galleryWatch.ts';

export interface GalleryReception extends Reception {
  listeners: Listeners;
  close(): void;
}

export interface GalleryReceptionOptions extends Omit<AdmissionOptions, 'door'> {
  db: Queryable;
  /** What all APIs and relays know. */
  shared: string;
  guard: GuardAdmission;
  tokens: Tokens;
  resumeTickets: Pick<ResumeTickets, 'redeem' | 'issue'>;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
}

export function openGalleryReception(options: GalleryReceptionOptions): GalleryReception {
  const { db, shared, guard, tokens, resumeTickets, config, broadcast, metrics, log } = options;
  const keys = createCompositeKeys(serverSecretOf(config, shared));
  const kind = createGalleryKind(db);
  const readSnapshot = () => Promise.reject(new Error('nobody asks for the state of a gallery'));
  const readers = { ...createStreamReaders(db, kind), readSnapshot };
  const rooms = createRooms({ kind, readers, broadcast, metrics, log });
  const stopHeadCheck = startHeadCheck({ rooms, readers, broadcast, log });
  const { WS_OVERFLOW_ACTION: action } = config;
  const own = createListeners({
    ...{ rooms, protocol: GALLERY_PROTOCOL, tokens, resumeTickets, metrics, log },
    ...{ seats: NO_SEATS, observations: { note() {} } },
    endOf: (scope, identity) => endOfListener(scope as GalleryScope | undefined, identity),
    // There is no word for what was left out: a listener that takes too little reads the list again.
    config: { ...config, WS_OVERFLOW_ACTION: action === 'drop_oldest' ? 'disconnect' : action },
  });
  const watch = watchGalleries({ db, broadcast, listeners: own, log });
  const listeners: Listeners = {
    ...own,
    enter(transport, admitted, wire) {
      const visit = own.enter(transport, admitted, wire);
      watch.checkOne(admitted.session_id);
      return visit;
    },
  };

  const admit = createAdmission({ ...options, door: createGalleryDoor(db, keys) });

  async function admitNamed(request: Request) {
    const { session_id } = request;
    return admit(session_id === LAST_OPEN ? { ...request, session_id: await findOpenGallery(db) } : request);
  }

  function close(): void {
    stopHeadCheck();
    watch.close();
    rooms.close();
  }

  return { admit: guard(admitNamed), listeners, close };
}
