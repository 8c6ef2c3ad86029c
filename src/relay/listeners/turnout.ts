/**
 * How many listen in a room, at all relays: the own listeners as they are, and those that other relays said last. Where
 * what they say cannot be read, the last reading holds as long as a lease does; then a relay tells of its own alone.
 */
import { REPORT_LEASE_MS, type Reports } from '../../infra/reports/reports.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { tallyRooms } from './census.ts';
import type { Guest } from './listeners.ts';

export interface Turnout {
  /** In the order of the sessions. */
  count(session_ids: readonly string[]): Promise<number[]>;
}

export interface TurnoutOptions {
  /** Of this relay. */
  id: string;
  reports: Pick<Reports, 'tallies'>;
  guests(): Iterable<Guest>;
  log: Log;
}

export function createTurnout({ id, reports, guests, log }: TurnoutOptions): Turnout {
  /** Of rooms that have listeners here: how many listen elsewhere. */
  let elsewhere = new Map<string, number>();
  let read_at = Number.NEGATIVE_INFINITY;

  async function count(session_ids: readonly string[]): Promise<number[]> {
    const others = await countOthers(session_ids);
    const own = tallyRooms(guests());
    return session_ids.map((session_id, i) => others[i]! + (own.get(session_id)?.listeners ?? 0));
  }

  async function countOthers(session_ids: readonly string[]): Promise<number[]> {
    try {
      const others = (await reports.tallies(session_ids, id)).map(({ listeners }) => listeners);
      const own = tallyRooms(guests());
      const kept = [...elsewhere].filter(([session_id]) => own.has(session_id));
      elsewhere = new Map([...kept, ...session_ids.map((session_id, i) => [session_id, others[i]!] as const)]);
      read_at = performance.now();
      return others;
    } catch (err) {
      log.debug({ err }, 'reading who listens elsewhere failed');
      const isKnown = performance.now() - read_at < REPORT_LEASE_MS;
      return session_ids.map((session_id) => (isKnown ? (elsewhere.get(session_id) ?? 0) : 0));
    }
  }

  return { count };
}
