/** What is read again at once where a channel says that there is more, and each second besides, because that may be lost. */
import type { Log } from '../telemetry/log.ts';
import type { Broadcast } from './broadcast.ts';

interface Following {
  broadcast: Broadcast;
  /** It bears the name of what is read. */
  channel: string;
  read(): Promise<void>;
  log: Log;
}

const READ_EVERY_MS = 1_000;

/** @returns `readNow`, and what ends it */
export function followChannel({ broadcast, channel, read, log }: Following) {
  let isReading = false;
  let isAsked = false;
  let isClosed = false;

  /** One after the other; what is announced meanwhile is read once more. */
  async function readNow(): Promise<void> {
    isAsked = true;
    if (isReading) return;
    isReading = true;
    while (isAsked && !isClosed) {
      isAsked = false;
      await read().catch((err) => log.debug({ err }, `reading ${channel} failed; the next second tries again`));
    }
    isReading = false;
  }

  const subscribed = broadcast.subscribe(channel, () => void readNow());
  subscribed.catch((err) => log.warn({ err }, `no channel of ${channel}; they are polled`));
  const timer = setInterval(() => void readNow(), READ_EVERY_MS).unref();

  function close(): void {
    isClosed = true;
    clearInterval(timer);
    void subscribed.then((end) => end()).catch(() => {});
  }

  return { readNow, close };
}
