/** The probe of a process: it looks at what all processes lean on, and at what only this one has. */
import { watchConnections } from '../reports/watchConnections.ts';
import { type Probe, type ProbeOptions, startProbe } from '../telemetry/probe.ts';
import type { Backbone } from './backbone.ts';

interface Own extends Pick<ProbeOptions, 'pool' | 'isAccepting'> {
  /** Of this process, where it is a relay. */
  connections?(): number;
}

export async function startProcessProbe(backbone: Backbone, { connections = () => 0, ...own }: Own): Promise<Probe> {
  const { boot, reports, postgres, metrics, isRedisConnected, heartbeat, queues } = backbone;
  const watch = watchConnections(reports, boot);
  const shared = {
    postgres,
    metrics,
    isRedisConnected,
    processes: heartbeat.alive,
    unserved: heartbeat.unserved,
    isQueueFit: queues.isFit,
  };
  const probe = await startProbe({ ...shared, ...own, connections: () => connections() + watch.elsewhere() });
  return {
    ...probe,
    close() {
      watch.close();
      probe.close();
    },
  };
}
