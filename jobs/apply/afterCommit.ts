/**
 * What follows a commit: events go to the listeners' channels, outcomes to the API instances that wait for them, deadlines
 * to the queue, and what failed to its place. All of it is best effort: listeners heal by sequence, waiters by asking,
 * retries by the drain, deadlines by the sweep. It goes out all at once, so that a Redis that hangs holds up a lane once.
 */
import { SpanKind } from '@opentelemetry/api';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import type { CommandFault } from '../../src/core/apply/outcome.ts';
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { groupBy } from '../../src/core/groupBy.ts';
import { assignmentStream } from '../../src/court/assignments/assignment.ts';
import { announcementText } from '../../src/infra/broadcast/announcements.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { replyChannel, replyText } from '../../src/infra/broadcast/replies.ts';
import { SCOPE_CHANGES } from '../../src/infra/broadcast/scopeChanges.ts';
import { doorbellEntryFor, type Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { linksTo, traceIdOf, tracer, within } from '../../src/infra/telemetry/tracing.ts';
import { leaveDeadlines, observeLateness } from '../court/expireTurns.ts';

interface Announcer {
  queues: Queues;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
}

export async function announce(announcer: Announcer, decided: Decided): Promise<void> {
  const span = tracer.startSpan('publish', { kind: SpanKind.PRODUCER });
  if (span.isRecording()) {
    span.addLinks(linksTo(decided.outcomes.map(({ traceparent }) => traceparent)));
    span.setAttributes({ 'plearoll.streams': decided.exported.size, 'plearoll.outcomes': decided.outcomes.length });
  }
  await within(span, () => announceAll(announcer, decided));
  if (announcer.log.isLevelEnabled('debug')) logOutcomes(announcer.log, decided);
}

async function announceAll(announcer: Announcer, decided: Decided): Promise<void> {
  const { queues, broadcast, metrics, log } = announcer;
  const { exported, outcomes, faults } = decided;
  const messages: Promise<void>[] = [];
  for (const [reply_to, group] of groupBy(outcomes, (outcome) => outcome.reply_to)) {
    messages.push(broadcast.publish(replyChannel(reply_to), replyText(group)));
  }
  const causes = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  for (const [stream, events] of exported) {
    messages.push(broadcast.publish(stream, announcementText(events, causes)));
    // Of one that was just made nobody keeps anything.
    const isChange = kindOf(stream) === assignmentStream.kind && events.at(-1)!.event_sequence > 1;
    if (isChange) messages.push(broadcast.publish(SCOPE_CHANGES, idOf(stream)));
  }
  const deadlines = leaveDeadlines(queues, decided).map((added) =>
    added.catch((err) => log.debug({ err }, 'a deadline could not be left with the queue; the sweep will find it')),
  );
  observeLateness(metrics, exported);
  const told = faults.map((fault) => setAside(announcer, fault));
  for (const sent of await Promise.allSettled(messages)) {
    if (sent.status === 'rejected') {
      metrics.publishFailures.inc();
      log.debug({ err: sent.reason }, 'an announcement was lost; it will be healed');
    }
  }
  await Promise.all([...deadlines, ...told]);
}

function logOutcomes(log: Log, { outcomes }: Decided): void {
  for (const { id, name, status, attempts, request_id, traceparent } of outcomes) {
    const trace_id = traceIdOf(traceparent);
    log.debug({ command_id: id, command: name, status, attempts, request_id, trace_id }, 'command settled');
  }
}

/** A retry is rung for when it is due; a dead command is put where an operator looks. */
async function setAside({ queues, metrics, log }: Announcer, fault: CommandFault): Promise<void> {
  const { id, name, stream, request_id, traceparent, attempts, error, retry_in_ms } = fault;
  const isDead = retry_in_ms === 0;
  const where = { command_id: id, command: name, stream, request_id, trace_id: traceIdOf(traceparent) };
  log.error({ ...where, attempts, error }, isDead ? 'command is dead' : 'command faulted');
  (isDead ? metrics.dead : metrics.retries).inc({ name });
  const commands = [doorbellEntryFor(fault)];
  const added = isDead
    ? queues.queue('dead-letters').add(name, { commands, error }, { jobId: `dead-${id}` })
    : queues.queue('commands').add(name, { commands }, { jobId: `r-${id}-${attempts}`, delay: retry_in_ms });
  await added.catch((err) => log.debug({ err }, 'the queue could not be told; the drain will find it'));
}
