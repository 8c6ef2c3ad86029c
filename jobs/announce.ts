/**
 * What follows a commit: events go to the listeners' channels, outcomes to the API instances that wait for them, and
 * what failed to its place. All of it is best effort: listeners heal by sequence, waiters by asking, retries by the drain.
 */
import type { Decided, Fault } from '../src/core/decide.ts';
import type { Broadcast } from '../src/infra/broadcast/broadcast.ts';
import { replyChannel, replyText } from '../src/infra/broadcast/replies.ts';
import type { Log } from '../src/infra/log.ts';
import type { Metrics } from '../src/infra/metrics.ts';
import type { Queues } from '../src/infra/queue.ts';

interface Announcer {
  queues: Queues;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
}

export async function announce(announcer: Announcer, { exported, outcomes, faults }: Decided): Promise<void> {
  const { broadcast, metrics, log } = announcer;
  const messages: Promise<void>[] = [];
  for (const [reply_to, group] of groupBy(outcomes, (outcome) => outcome.reply_to)) {
    messages.push(broadcast.publish(replyChannel(reply_to), replyText(group)));
  }
  for (const [stream, events] of exported) messages.push(broadcast.publish(stream, JSON.stringify(events)));
  for (const fault of faults) await setAside(announcer, fault);
  for (const sent of await Promise.allSettled(messages)) {
    if (sent.status === 'rejected') {
      metrics.publishFailures.inc();
      log.debug({ err: sent.reason }, 'an announcement was lost; it will be healed');
    }
  }
}

/** A retry is rung for when it is due; a dead command is put where an operator looks. */
async function setAside({ queues, metrics, log }: Announcer, fault: Fault): Promise<void> {
  const { id, name, stream, streams, attempts, error, retry_in_ms } = fault;
  const isDead = retry_in_ms === 0;
  log.error({ command_id: id, command: name, stream, attempts, error }, isDead ? 'command is dead' : 'command faulted');
  (isDead ? metrics.dead : metrics.retries).inc({ name });
  const commands = [{ id, name, stream, streams }];
  const added = isDead
    ? queues.queue('dead-letters').add(name, { commands, error }, { jobId: `dead-${id}` })
    : queues.queue('commands').add(name, { commands }, { jobId: `r-${id}-${attempts}`, delay: retry_in_ms });
  await added.catch((err) => log.debug({ err }, 'the queue could not be told; the drain will find it'));
}

function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
