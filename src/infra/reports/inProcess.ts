/** Reports within one process, for the embedded mode. */
import { addTallies, NOBODY, type RelayReport, type Reports, type Said, type Tally } from './reports.ts';

interface LeasedReport {
  report: RelayReport;
  rooms: Map<string, Tally>;
  users: readonly string[];
  until: number;
}

export function createInProcessReports(lease_ms: number): Reports {
  const held = new Map<string, LeasedReport>();

  function live(): Map<string, LeasedReport> {
    for (const [relay, { until }] of held) if (until <= performance.now()) held.delete(relay);
    return held;
  }

  async function say(relay: string, { report, rooms, users }: Said): Promise<void> {
    const before = users === undefined ? live().get(relay) : undefined;
    const now = new Map([...(before?.rooms ?? []), ...rooms]);
    for (const [session_id, { connections }] of rooms) if (connections === 0) now.delete(session_id);
    held.set(relay, {
      report: structuredClone(report),
      rooms: now,
      users: users ?? before?.users ?? [],
      until: performance.now() + lease_ms,
    });
  }

  async function tallies(session_ids: readonly string[], but?: string): Promise<Tally[]> {
    const others = [...live()].filter(([relay]) => relay !== but).map(([, { rooms }]) => rooms);
    return session_ids.map((id) => others.map((rooms) => rooms.get(id) ?? NOBODY).reduce(addTallies, NOBODY));
  }

  return {
    say,
    tallies,
    leave: async (relay) => void held.delete(relay),
    reports: async () => new Map([...live()].map(([relay, { report }]) => [relay, report])),
    rooms: async () => new Map([...live()].map(([relay, { rooms }]) => [relay, rooms])),
    uniqueUsers: async () => new Set([...live().values()].flatMap(({ users }) => users)).size,
    close: async () => held.clear(),
  };
}
