/**
 * The census of this relay: how many connections each of its rooms has, said in absolute numbers, soon after a change and all of it again before its lease runs out.
 */
import {
  NOBODY,
  type RelayReport,
  type Reports,
  type Said,
  type Tallies,
  type Tally,
} from '../../infra/reports/reports.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { AnyGuest, Guests } from './guests.ts';

export interface Census {
  /** Resolves when all readers know that this relay is no more, or soon without that. */
  close(): Promise<void>;
}

export interface CensusOptions {
  /** Of this relay, new at each start: what is said late for one that is gone brings none back. */
  id: string;
  reports: Reports;
  guests: Pick<Guests<AnyGuest>, 'all' | 'count' | 'tallies'>;
  /** What else the report says: small, whatever the number of connections. */
  describe?(): { [part: string]: object };
  log: Log;
}

/** Changes are said at most so often. */
const CHANGES_EVERY_MS = 1_000;
/** All is said again: of its lease, two may be lost. */
const ALL_EVERY_MS = 5_000;

export function startCensus({ id, reports, guests, describe = () => ({}), log }: CensusOptions): Census {
  const started_at = new Date().toISOString();
  let before: Tallies = new Map();
  let saidAllAt = Number.NEGATIVE_INFINITY;
  let saying: Promise<void> | undefined;
  const timer = setInterval(() => void tell(), CHANGES_EVERY_MS);
  timer.unref();

  function tell(): Promise<void> {
    saying ??= sayWhatIsDue().finally(() => {
      saying = undefined;
    });
    return saying;
  }

  async function sayWhatIsDue(): Promise<void> {
    const rooms = guests.tallies();
    const changed = changesOf(before, rooms);
    const isAllDue = performance.now() - saidAllAt >= ALL_EVERY_MS;
    if (changed.size === 0 && !isAllDue) return;
    const said: Said = {
      report: { started_at, ...countConnections(guests), ...describe() },
      ...(isAllDue ? { rooms, users: usersOf(guests.all()) } : { rooms: changed }),
    };
    try {
      await reports.say(id, said);
      before = rooms;
      if (isAllDue) saidAllAt = performance.now();
    } catch (err) {
      saidAllAt = Number.NEGATIVE_INFINITY;
      log.debug({ err }, 'saying the census failed');
    }
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    await saying;
    await reports.leave(id).catch((err) => log.debug({ err }, 'taking the census back failed; its lease runs out'));
  }

  void tell();
  return { close };
}

function usersOf(guests: Iterable<AnyGuest>): string[] {
  const users = new Set<string>();
  for (const { admitted } of guests) users.add(admitted.identity.actor.id);
  return [...users];
}

function changesOf(before: Tallies, now: Tallies): Map<string, Tally> {
  const changed = new Map<string, Tally>();
  for (const [session_id, tally] of now) {
    const old = before.get(session_id) ?? NOBODY;
    if (old.connections !== tally.connections || old.listeners !== tally.listeners) changed.set(session_id, tally);
  }
  for (const session_id of before.keys()) if (!now.has(session_id)) changed.set(session_id, NOBODY);
  return changed;
}

function countConnections(
  guests: CensusOptions['guests'],
): Pick<RelayReport, 'connections' | 'connections_by_transport'> {
  const connections_by_transport: Record<string, number> = {};
  for (const { transport } of guests.all()) {
    connections_by_transport[transport] = (connections_by_transport[transport] ?? 0) + 1;
  }
  return { connections: guests.count(), connections_by_transport };
}
