/**
 * Keeps the record true about presence: polls every second for participants whose sockets came or went and for those
 * whose time to come back is over, every ten seconds for those that are missing unreported, and sends the commands.
 * While nothing changes Postgres is asked next to nothing.
 */
import type pg from 'pg';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { REFRESH_MS } from '../../src/infra/presence/presence.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import type { JobTools } from '../job.ts';
import { createSend } from '../send/sendCommand.ts';
import { sendForAwaited, sendForChanges, sendForMissing } from './presenceOrders.ts';

export interface PresenceWatch {
  /** Polls once. @throws when Postgres or Redis does not answer; nothing is lost by that */
  poll(): Promise<void>;
  /** Polls now and then every second until `close`. */
  start(): void;
  close(): Promise<void>;
}

export interface PresenceWatchOptions {
  backbone: Pick<Backbone, 'queues' | 'presence' | 'log' | 'onError'>;
  /** Role `worker`; not the pool that applies commands. */
  pool: pg.Pool;
  catalog: Catalog;
  /** Instead of the way that timed jobs send commands. */
  send?: JobTools['send'];
  judgeAfterMs?: number;
  seekEveryMs?: number;
}

const POLL_EVERY_MS = 1_000;
/** Poll for the awaited even when idle: another worker may have died with changes in hand. */
const POLL_ANYWAY_MS = 10_000;
/** After a start, or when presence could not be read, relays renew their leases first. */
const JUDGE_AFTER_MS = 2 * REFRESH_MS;
/** Longer than relays take to renew their leases, so that one wipe of Redis makes no participant missing twice. */
const SEEK_EVERY_MS = 10_000;

export function createPresenceWatch(options: PresenceWatchOptions): PresenceWatch {
  const { backbone, pool, catalog, judgeAfterMs = JUDGE_AFTER_MS, seekEveryMs = SEEK_EVERY_MS } = options;
  const { queues, presence, log, onError } = backbone;
  const db: Queryable = pool;
  const send = options.send ?? createSend({ db, catalog, queues, log, request_id: 'presence' });
  const tools = { db, presence, send };
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> = Promise.resolve();
  let wasAwaiting = true;
  let polledAt = 0;
  let judgesFrom = performance.now() + judgeAfterMs;
  let missing = new Set<string>();
  let soughtAt = Number.NEGATIVE_INFINITY;

  async function poll(): Promise<void> {
    try {
      await pollAll();
    } catch (fault) {
      judgesFrom = performance.now() + judgeAfterMs;
      missing.clear();
      throw fault;
    }
  }

  async function pollAll(): Promise<void> {
    const hasChanged = await sendForChanges(tools);
    if (performance.now() >= Math.max(judgesFrom, soughtAt + seekEveryMs)) {
      const found = await sendForMissing(tools, missing);
      missing = found.missing;
      wasAwaiting ||= found.hasSent;
      soughtAt = performance.now();
    }
    if (!hasChanged && !wasAwaiting && performance.now() - polledAt < POLL_ANYWAY_MS) return;
    wasAwaiting = (await sendForAwaited(tools, () => performance.now() >= judgesFrom)) || hasChanged;
    polledAt = performance.now();
  }

  function start(): void {
    polling = poll().catch(onError);
    void polling.then(() => {
      if (!closing) timer = setTimeout(start, POLL_EVERY_MS);
    });
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    await polling;
  }

  return { poll, start, close };
}
