/** The listeners that are connected, by session too: what is asked of one room costs no look at the others. */
import { NOBODY, type Tallies, type Tally } from '../../infra/reports/reports.ts';
import type { Admitted, Transport } from './admission.ts';
import type { Prepared } from './prepared.ts';
import type { ConnectionTicket } from './resumeTickets.ts';
import type { BareVisit, Visit } from './visit.ts';

/** A listener with what it was let in for. */
export interface Guest<V extends BareVisit = Visit> {
  /** Which arrival it was, from 1. */
  readonly arrival: number;
  readonly transport: Transport;
  readonly admitted: Admitted;
  readonly ticket: ConnectionTicket;
  readonly visit: V;
  /** Gives up the seat, where it has one. */
  leaveSeat: (() => void) | undefined;
  /** The latest that it was told of presence. */
  toldPresence: Prepared | undefined;
}

/** Of whatever kind of room. */
export type AnyGuest = Guest<BareVisit>;

export interface Guests<G extends Counted = Guest> {
  add(guest: G): void;
  remove(guest: G): void;
  count(): number;
  all(): Iterable<G>;
  of(session_id: string): Iterable<G>;
  sessions(): string[];
  tally(session_id: string): Tally;
  /** Of each session with listeners. */
  tallies(): Tallies;
}

type Counted = Pick<Guest, 'admitted'>;

interface Crowd<G> {
  guests: Set<G>;
  /** Of them, those that do not listen without presence. */
  listeners: number;
}

export function createGuests<G extends Counted = Guest>(): Guests<G> {
  const crowds = new Map<string, Crowd<G>>();
  let count = 0;

  function add(guest: G): void {
    const { session_id, seat } = guest.admitted;
    const crowd = crowds.get(session_id) ?? { guests: new Set(), listeners: 0 };
    crowds.set(session_id, crowd);
    crowd.guests.add(guest);
    if (seat) crowd.listeners += 1;
    count += 1;
  }

  function remove(guest: G): void {
    const { session_id, seat } = guest.admitted;
    const crowd = crowds.get(session_id);
    if (!crowd?.guests.delete(guest)) return;
    if (seat) crowd.listeners -= 1;
    if (crowd.guests.size === 0) crowds.delete(session_id);
    count -= 1;
  }

  function* all(): Iterable<G> {
    for (const { guests } of crowds.values()) yield* guests;
  }

  return {
    add,
    remove,
    count: () => count,
    all,
    of: (session_id) => crowds.get(session_id)?.guests ?? [],
    sessions: () => [...crowds.keys()],
    tally: (session_id) => tallyOf(crowds.get(session_id)),
    tallies: () => new Map([...crowds].map(([session_id, crowd]) => [session_id, tallyOf(crowd)])),
  };
}

/** All of several kinds of rooms; how many are in each room says the first alone. */
export function withGuestsOf(
  first: Guests,
  ...others: Pick<Guests<AnyGuest>, 'all' | 'count'>[]
): Pick<Guests<AnyGuest>, 'all' | 'count' | 'tallies'> {
  const kinds = [first, ...others];

  function* all(): Iterable<AnyGuest> {
    for (const kind of kinds) yield* kind.all();
  }

  return { all, count: () => kinds.reduce((sum, kind) => sum + kind.count(), 0), tallies: first.tallies };
}

function tallyOf(crowd: Crowd<unknown> | undefined): Tally {
  return crowd ? { connections: crowd.guests.size, listeners: crowd.listeners } : NOBODY;
}
