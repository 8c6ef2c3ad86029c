/** A command that faulted is rung for when its retry is due; a dead one is put where an operator looks. */
import type { CommandFault } from '../../src/core/apply/outcome.ts';
import { wayOf } from '../../src/core/definitions/stream.ts';
import { doorbellEntryFor, doorbellFor } from '../../src/infra/queue/queue.ts';
import { traceIdOf } from '../../src/infra/telemetry/tracing.ts';
import { catalog } from '../../src/modules.ts';
import type { Follower, FollowTools } from './follower.ts';

export const setFaultsAside: Follower = ({ faults }, tools) => faults.map((fault) => setAside(fault, tools));

async function setAside(fault: CommandFault, { queues, metrics, log }: FollowTools): Promise<void> {
  const { id, name, stream, request_id, traceparent, attempts, error, retry_in_ms } = fault;
  const isDead = retry_in_ms === 0;
  const where = { command_id: id, command: name, stream, request_id, trace_id: traceIdOf(traceparent) };
  log.error({ ...where, attempts, error }, isDead ? 'command is dead' : 'command faulted');
  (isDead ? metrics.dead : metrics.retries).inc({ name });
  const commands = [doorbellEntryFor(fault)];
  const { queue } = doorbellFor(wayOf(catalog.kinds, stream));
  const added = isDead
    ? queues.queue('dead-letters').add(name, { commands, error }, { jobId: `dead-${id}` })
    : queues.queue(queue).add(name, { commands }, { jobId: `r-${id}-${attempts}`, delay: retry_in_ms });
  await added.catch((err) => log.debug({ err }, 'telling the queue failed; the overdue poll finds the command'));
}
