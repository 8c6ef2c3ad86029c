/** What follows a commit, as a list: a new module adds its own followers here. */
import { SpanKind } from '@opentelemetry/api';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import { linksTo, traceIdOf, tracer, within } from '../../src/infra/telemetry/tracing.ts';
import { announceScopeChanges } from '../court/announceScopeChanges.ts';
import { leaveDeadlines, observeLateness } from '../court/leaveDeadlines.ts';
import { removeErasedFiles } from '../court/removeErasedFiles.ts';
import { followRooms } from '../feeds/followRooms.ts';
import { ringResults } from '../feeds/ringResults.ts';
import { announceBans } from '../guard/announceBans.ts';
import { banAuthors } from '../guard/banAuthors.ts';
import { followTold } from '../notices/followTold.ts';
import { announcePolicies } from '../policies/announcePolicies.ts';
import { tellPolicyUpdates } from '../policies/tellPolicyUpdates.ts';
import { announceRevocations } from '../tokens/announceRevocations.ts';
import { dropCached } from '../tokens/dropCached.ts';
import { announceErasures, announceEvents, announceOutcomes } from './announce.ts';
import type { Follower, FollowTools } from './follower.ts';
import { setFaultsAside } from './setFaultsAside.ts';

const followers: readonly Follower[] = [
  announceOutcomes,
  announceEvents,
  announceErasures,
  removeErasedFiles,
  announceScopeChanges,
  announceRevocations,
  dropCached,
  announceBans,
  announcePolicies,
  tellPolicyUpdates,
  banAuthors,
  leaveDeadlines,
  observeLateness,
  followRooms,
  ringResults,
  followTold,
  setFaultsAside,
];

type Tools = Omit<FollowTools, 'publish'> & { broadcast: Broadcast };

export async function followCommit(decided: Decided, { broadcast, ...tools }: Tools): Promise<void> {
  const { metrics, log } = tools;
  const span = tracer.startSpan('publish', { kind: SpanKind.PRODUCER });
  if (span.isRecording()) {
    span.addLinks(linksTo(decided.outcomes.map(({ traceparent }) => traceparent)));
    span.setAttributes({ 'plearoll.streams': decided.exported.size, 'plearoll.outcomes': decided.outcomes.length });
  }
  const publish = (channel: string, message: string) =>
    broadcast.publish(channel, message).catch((err) => {
      metrics.publishFailures.inc();
      log.debug({ err }, 'publishing failed; listeners heal by sequence');
    });
  await within(span, async () => {
    await Promise.all(followers.flatMap((follow) => follow(decided, { ...tools, publish })));
  });
  if (log.isLevelEnabled('debug')) logOutcomes(log, decided);
}

function logOutcomes(log: Log, { outcomes }: Decided): void {
  for (const { id, name, status, attempts, request_id, traceparent } of outcomes) {
    const trace_id = traceIdOf(traceparent);
    log.debug({ command_id: id, command: name, status, attempts, request_id, trace_id }, 'command settled');
  }
}
