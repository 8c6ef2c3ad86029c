/** Demand within one process, for the embedded mode: whatever ends the process ends its connections, too. */
import type { Demand } from './demand.ts';

export function createInProcessDemand({ lease_ms }: { lease_ms: number }): Demand {
  /** Of each match, until when each connection follows it. */
  const followed = new Map<string, Map<string, number>>();
  const now = () => performance.now();

  function countOf(match_id: string): number {
    const leases = followed.get(match_id);
    if (!leases) return 0;
    for (const [connection, until] of leases) if (until <= now()) leases.delete(connection);
    if (leases.size === 0) followed.delete(match_id);
    return leases.size;
  }

  return {
    async hold(said) {
      for (const match_id of followed.keys()) countOf(match_id);
      for (const [match_id, connections] of said) {
        const leases = followed.get(match_id) ?? new Map<string, number>();
        for (const connection of connections) leases.set(connection, now() + lease_ms);
        if (leases.size > 0) followed.set(match_id, leases);
      }
    },
    async release(said) {
      for (const [match_id, connections] of said) {
        for (const connection of connections) followed.get(match_id)?.delete(connection);
        countOf(match_id);
      }
    },
    demandOf: async (match_ids) => match_ids.map(countOf),
    close: () => followed.clear(),
  };
}
