/** The consoles' part of a relay: connections of people with a token, which hear what is told on the channel, and how things are connected. */
import type { Scope } from '../../access/scope.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Cache } from '../../infra/cache/cache.ts';
import { CONSOLE, CONSOLE_EVENTS, type ToldConsole } from '../../infra/console/tellConsole.ts';
import type { Heartbeat } from '../../infra/postgres/heartbeat.ts';
import type { Reports } from '../../infra/reports/reports.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { type AdmissionOptions, createAdmission, type Door, NIL } from '../listeners/admission.ts';
import type { GuardAdmission } from '../listeners/admissionGuard.ts';
import { createVisitors, type Listeners } from '../listeners/listeners.ts';
import { NO_SEATS } from '../listeners/presenceLeases.ts';
import { LIVE_PROTOCOL } from '../listeners/protocol.ts';
import type { Reception } from '../listeners/reception.ts';
import type { ResumeTickets } from '../listeners/resumeTickets.ts';
import { ConsoleVisit } from './consoleVisit.ts';
import { createKnownTopology, type Seen, startBeat } from './knownTopology.ts';

export interface ConsoleReception extends Reception {
  listeners: Listeners<ConsoleVisit>;
  close(): void;
}

interface ConsoleReceptionOptions extends Omit<AdmissionOptions, 'door'> {
  db: Queryable;
  guard: GuardAdmission;
  resumeTickets: Pick<ResumeTickets, 'redeem' | 'issue'>;
  broadcast: Broadcast;
  reports: Pick<Reports, 'reports' | 'rooms'>;
  heartbeat: Pick<Heartbeat, 'alive' | 'served'>;
  cache: Pick<Cache, 'get' | 'put'>;
  metrics: Metrics;
  log: Log;
}

const IS_PERSON_OF = { name: 'is-person-of', text: 'select is_seen_person($1, $2) as is_one' };
const NO_SESSION: Scope = {
  ...{ assignment_id: NIL, session_id: NIL, institution_id: NIL, visibility: 'private' },
  ...{ roster: new Map(), replaced: new Set() },
};

export function openConsoleReception(options: ConsoleReceptionOptions): ConsoleReception {
  const { db, guard, tokens, broadcast, cache, metrics, log } = options;
  const topology = createKnownTopology(options, cache);
  const visits = { tokens, metrics, isPersonOf, onTopology: () => void tellTopology(false) };
  const listeners = createVisitors({
    ...options,
    ...{ seats: NO_SEATS, observations: { note() {} } },
    endOf: () => undefined,
    open: (visitor, wire) => new ConsoleVisit(visitor, wire, visits),
    farewell: LIVE_PROTOCOL.farewell,
  });
  const door: Door = {
    anybody: undefined,
    async demandSession(_, identity) {
      if ('session_id' in identity) throw new Problem('forbidden', 'A ticket is good for its session alone.');
      return NO_SESSION;
    },
  };
  const subscribed = broadcast.subscribe(CONSOLE, (text) => hear(text));
  subscribed.catch((err) => log.warn({ err }, 'no channel of consoles; notices are read over HTTP'));
  const stopBeat = startBeat((isDue) => void tellTopology(isDue));

  function hear(text: string): void {
    const told = toldIn(text);
    if (!told) return;
    const prepared = { type: told.event, text: JSON.stringify({ ...told.body, type: told.event }) };
    for (const { visit } of listeners.guests.all()) visit.tell(told, prepared);
  }

  /** Each institution is looked at once for all who ask. */
  async function tellTopology(isDue: boolean): Promise<void> {
    const known = new Map<string | null, Promise<Seen>>();
    for (const { visit } of listeners.guests.all()) {
      const of = visit.topologyOf();
      if (of === undefined) continue;
      const reading = known.get(of) ?? topology.read(of);
      known.set(of, reading);
      void reading.then(
        (seen) => visit.tellTopology(seen, isDue),
        (err) => log.debug({ err }, 'reading topology failed; the next look tries again'),
      );
    }
  }

  /** One of whom a sign-in was seen. */
  async function isPersonOf(user_id: string, institution_id: string | null): Promise<boolean> {
    const { rows } = await db.query<{ is_one: boolean }>({ ...IS_PERSON_OF, values: [user_id, institution_id] });
    return rows[0]!.is_one;
  }

  function close(): void {
    stopBeat();
    void subscribed.then((end) => end()).catch(() => {});
  }

  return { admit: guard(createAdmission({ ...options, door })), listeners, close };
}

/** @returns undefined for what no teller of this version says */
function toldIn(text: string): ToldConsole | undefined {
  try {
    const told = JSON.parse(text) as ToldConsole;
    const isWhole = typeof told.to === 'object' && told.to !== null && typeof told.body === 'object';
    return isWhole && CONSOLE_EVENTS.includes(told.event) ? told : undefined;
  } catch {
    return undefined;
  }
}
