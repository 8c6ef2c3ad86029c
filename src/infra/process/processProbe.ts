/** The probe of a process: it looks at what all processes lean on, and at what only this one has. */
import { type Probe, type ProbeOptions, startProbe } from '../telemetry/probe.ts';
import type { Backbone } from './backbone.ts';

type Own = Pick<ProbeOptions, 'pool' | 'connections' | 'isAccepting'>;

export function startProcessProbe(backbone: Backbone, own: Own): Promise<Probe> {
  const { postgres, metrics, isRedisConnected, heartbeat, queues } = backbone;
  const shared = { postgres, metrics, isRedisConnected, processes: heartbeat.alive, isQueueFit: queues.isFit };
  return startProbe({ ...shared, ...own });
}
