/**
 * A room's ear on the broadcast. It is waited for, but not for long: without a broadcast a room lives on head checks,
 * and when the confirmation comes late, nobody knows what was missed and the head is asked for again.
 */
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Log } from '../../infra/telemetry/log.ts';

const WAIT_MS = 1_000;

export interface Subscription {
  /** Resolves when every later message is heard, or when that has taken too long. Never rejects. */
  ready: Promise<void>;
  end(): void;
}

/** @param onLate called when the subscription holds only after it was given up waiting for */
export function subscribe(
  broadcast: Pick<Broadcast, 'subscribe'>,
  channel: string,
  hear: (message: string) => void,
  onLate: () => void,
  log: Log,
): Subscription {
  let late = false;
  const subscribed = broadcast.subscribe(channel, hear);
  const confirmed = subscribed.then(
    () => {
      if (late) onLate();
    },
    (err) => log.warn({ err, channel }, 'room failed to subscribe'),
  );
  const ready = new Promise<void>((resolve) => {
    const giveUp = setTimeout(() => {
      late = true;
      resolve();
    }, WAIT_MS);
    void confirmed.then(() => {
      clearTimeout(giveUp);
      resolve();
    });
  });
  return {
    ready,
    end: () => void subscribed.then((end) => end()).catch(() => {}),
  };
}
