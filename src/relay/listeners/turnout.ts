/**
 * How many listen in a room, at all relays: the own listeners as they are, and those that other relays said last. Where
 * what they say cannot be read, the last reading holds as long as a lease does; then a relay tells of its own alone.
 */
import { REPORT_LEASE_MS, type Reports } from '../../infra/reports/reports.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Guests } from './guests.ts';

export interface Turnout {
  /** In the order of the sessions. */
  count(session_ids: readonly string[]): Promise<number[]>;
}

export interface TurnoutOptions {
  /** Of this relay. */
  id: string;
  reports: Pick<Reports, 'tallies'>;
  guests: Pick<Guests, 'tally'>;
  log: Log;
}

export function createTurnout({ id, reports, guests, log }: TurnoutOptions): Turnout {
  /** How many listen elsewhere, and when that was read: the longest ago first. */
  const readings = new Map<string, { others: number; read_at: number }>();

  async function count(session_ids: readonly string[]): Promise<number[]> {
    const others = await countOthers(session_ids);
    return session_ids.map((session_id, i) => others[i]! + guests.tally(session_id).listeners);
  }

  async function countOthers(session_ids: readonly string[]): Promise<number[]> {
    try {
      const others = (await reports.tallies(session_ids, id)).map(({ listeners }) => listeners);
      for (const [i, session_id] of session_ids.entries()) keep(session_id, others[i]!);
      return others;
    } catch (err) {
      log.debug({ err }, 'reading who listens elsewhere failed');
      forgetOld();
      return session_ids.map((session_id) => readings.get(session_id)?.others ?? 0);
    }
  }

  function keep(session_id: string, others: number): void {
    readings.delete(session_id);
    readings.set(session_id, { others, read_at: performance.now() });
    forgetOld();
  }

  function forgetOld(): void {
    const oldest = performance.now() - REPORT_LEASE_MS;
    for (const [session_id, { read_at }] of readings) {
      if (read_at >= oldest) return;
      readings.delete(session_id);
    }
  }

  return { count };
}
