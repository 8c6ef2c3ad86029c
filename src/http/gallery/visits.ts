/**
 * Counting the readers of galleries: in memory, and said now and then by a command for each gallery. A reader is known by a
 * hash that is another each day, of which nothing leads back to the person. What a process has not said when it dies is lost.
 */
import { createHmac } from 'node:crypto';
import { systemSubmission } from '../../core/apply/systemSubmission.ts';
import { countVisits, MOST_COUNTED } from '../../gallery/visits/countVisits.ts';
import { theVisits } from '../../gallery/visits/visit.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { timings } from '../../infra/timings.ts';
import type { Acceptor } from '../commands/acceptance.ts';

export interface Visits {
  /** @param key by which the reader is known today */
  note(session_id: string, institution_id: string, key: string): void;
  /** Says what was counted. */
  close(): Promise<void>;
}

interface Counted {
  session_id: string;
  institution_id: string;
  day: string;
  views: Map<string, number>;
}

interface VisitsOptions {
  acceptor: Pick<Acceptor, 'accept'>;
  secret: string;
  log: Log;
}

export function countReaders({ acceptor, secret, log }: VisitsOptions): Visits {
  let galleries = new Map<string, Counted>();
  let timer: NodeJS.Timeout | undefined;

  function note(session_id: string, institution_id: string, key: string): void {
    const day = new Date().toISOString().slice(0, 10);
    const ofDay = createHmac('sha256', secret).update(`visits ${day}`).digest();
    const visitor = createHmac('sha256', ofDay).update(key).digest('hex').slice(0, 32);
    const place = `${session_id} ${day}`;
    const counted = galleries.get(place) ?? { session_id, institution_id, day, views: new Map() };
    galleries.set(place, counted);
    counted.views.set(visitor, (counted.views.get(visitor) ?? 0) + 1);
    if (counted.views.size >= MOST_COUNTED) void tell();
    timer ??= setTimeout(() => void tell(), timings.door.visits_every_ms).unref();
  }

  async function tell(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const counted = [...galleries.values()];
    galleries = new Map();
    await Promise.all(counted.map((one) => acceptor.accept(submissionOf(one)))).catch((err) =>
      log.debug({ err }, 'visits of galleries not counted'),
    );
  }

  return { note, close: tell };
}

function submissionOf({ session_id, institution_id, day, views }: Counted) {
  const input = { session_id, day, visitors: [...views].map(([visitor, views]) => ({ visitor, views })) };
  const streams = [theVisits(session_id).stream];
  return systemSubmission({ name: countVisits.name, streams, input, institution_id });
}
