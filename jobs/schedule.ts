/**
 * The timetable: every timed job there is, when it is due (cron, UTC), on which queue it runs, and what becomes of ticks
 * that nobody fired in time. docs/operations.md shows the same table.
 */
import type { JobQueue } from '../src/infra/queue/queueNames.ts';
import { archiveCheckpoints } from './audit/archiveCheckpoints.ts';
import { batchRecordEvents } from './audit/batchRecordEvents.ts';
import { checkLedgerHealth } from './audit/checkLedgerHealth.ts';
import { recordAuditEvent } from './audit/recordAuditEvent.ts';
import { storeLargeData } from './audit/storeLargeData.ts';
import { syncAuditTrail } from './audit/syncAuditTrail.ts';
import { verifyAuditIntegrity } from './audit/verifyAuditIntegrity.ts';
import { checkSessionRisk } from './behaviour/checkSessionRisk.ts';
import { cleanUpBehaviour } from './behaviour/cleanUpBehaviour.ts';
import { cleanUpModels } from './behaviour/cleanUpModels.ts';
import { eraseWithdrawn } from './behaviour/eraseWithdrawn.ts';
import { monitorSessions } from './behaviour/monitorSessions.ts';
import { trainAsked } from './behaviour/trainAsked.ts';
import { trainModels } from './behaviour/trainModels.ts';
import { updateBaseline } from './behaviour/updateBaseline.ts';
import { closeStale } from './court/closeStale.ts';
import { expireObservers } from './court/expireObservers.ts';
import { expireParticipants } from './court/expireParticipants.ts';
import { eraseOld } from './gallery/eraseOld.ts';
import type { TimedJob } from './job.ts';
import { cleanUpExpired } from './logins/cleanUpExpired.ts';
import { cleanupOldNotifications } from './notices/cleanupOldNotifications.ts';
import { tellMissed } from './notices/tellMissed.ts';
import { calculateEffectiveness } from './policies/calculateEffectiveness.ts';
import { checkPolicyHealth } from './policies/checkPolicyHealth.ts';
import { optimizePolicies } from './policies/optimizePolicies.ts';
import { rollBackPolicy } from './policies/rollBackPolicy.ts';
import { simulateChange } from './policies/simulateChange.ts';
import { trackOutcome } from './policies/trackOutcome.ts';
import { erasePrivate } from './privacy/erasePrivate.ts';
import { calculateAccuracy } from './threats/calculateAccuracy.ts';
import { cleanUpThreats } from './threats/cleanUpThreats.ts';
import { generatePredictions } from './threats/generatePredictions.ts';
import { runDetections } from './threats/runDetections.ts';
import { updateModels } from './threats/updateModels.ts';
import type { MissedPolicy } from './ticks/cronSlots.ts';
import { rotateTickets } from './tokens/rotateTickets.ts';
import { cleanUpCache } from './upkeep/cleanUpCache.ts';
import { pruneCommands } from './upkeep/pruneCommands.ts';
import { reportHealth } from './upkeep/reportHealth.ts';
import { sweepBlobs } from './upkeep/sweepBlobs.ts';
import { sweepExpired } from './upkeep/sweepExpired.ts';
import { verifyEverything } from './verify/verifyEverything.ts';
import { verifyRecent } from './verify/verifyRecent.ts';

export interface Line {
  job: TimedJob;
  /** Minute, hour, day of the month, month, day of the week; UTC. A field before them is the second. */
  cron: string;
  missed: MissedPolicy;
  queue: JobQueue;
}

/** A task that is never due: it is run where somebody asks for it. */
export type Task = Pick<Line, 'job' | 'queue'>;

export const timetable: readonly Line[] = [
  { job: verifyRecent, cron: '*/10 * * * *', missed: 'latest', queue: 'integrity' },
  { job: verifyEverything, cron: '20 3 * * *', missed: 'latest', queue: 'integrity' },
  { job: closeStale, cron: '3-59/15 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: expireParticipants, cron: '8-59/15 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: expireObservers, cron: '*/5 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: eraseOld, cron: '6-59/10 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: pruneCommands, cron: '7 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: cleanUpExpired, cron: '13 * * * *', missed: 'latest', queue: 'default' },
  { job: sweepExpired, cron: '37 2 * * *', missed: 'latest', queue: 'maintenance' },
  { job: sweepBlobs, cron: '52 2 * * *', missed: 'latest', queue: 'maintenance' },
  { job: rotateTickets, cron: '41 4 * * *', missed: 'latest', queue: 'maintenance' },
  { job: tellMissed, cron: '4-59/5 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: cleanupOldNotifications, cron: '0 5 * * *', missed: 'latest', queue: 'default' },
  { job: cleanUpCache, cron: '0 */6 * * *', missed: 'latest', queue: 'default' },
  { job: reportHealth, cron: '0 6 * * *', missed: 'latest', queue: 'default' },
  { job: eraseWithdrawn, cron: '27 * * * *', missed: 'latest', queue: 'maintenance' },
  { job: erasePrivate, cron: '* * * * *', missed: 'skip', queue: 'maintenance' },
  { job: cleanUpBehaviour, cron: '0 1 * * 1', missed: 'latest', queue: 'default' },
  { job: syncAuditTrail, cron: '*/5 * * * *', missed: 'latest', queue: 'ledger' },
  { job: checkLedgerHealth, cron: '0 * * * *', missed: 'latest', queue: 'ledger' },
  { job: archiveCheckpoints, cron: '0 2 1 * *', missed: 'latest', queue: 'ledger' },
  { job: cleanUpModels, cron: '0 1 * * 3', missed: 'latest', queue: 'ml' },
  { job: trainModels, cron: '0 2 * * *', missed: 'latest', queue: 'ml' },
  { job: trainAsked, cron: '* * * * *', missed: 'skip', queue: 'ml' },
  { job: optimizePolicies, cron: '0 3 * * *', missed: 'latest', queue: 'policy' },
  { job: checkPolicyHealth, cron: '17 * * * *', missed: 'latest', queue: 'policy' },
  { job: monitorSessions, cron: '*/30 * * * * *', missed: 'skip', queue: 'default' },
  { job: runDetections, cron: '43 * * * *', missed: 'latest', queue: 'ml' },
  { job: generatePredictions, cron: '0 */6 * * *', missed: 'latest', queue: 'ml' },
  { job: updateModels, cron: '0 1 * * 0', missed: 'latest', queue: 'ml' },
  { job: calculateAccuracy, cron: '0 4 * * *', missed: 'latest', queue: 'ml' },
  { job: cleanUpThreats, cron: '0 1 * * 2', missed: 'latest', queue: 'maintenance' },
];

export const onDemand: readonly Task[] = [
  { job: recordAuditEvent, queue: 'ledger' },
  { job: batchRecordEvents, queue: 'ledger' },
  { job: storeLargeData, queue: 'ledger' },
  { job: verifyAuditIntegrity, queue: 'ledger' },
  { job: updateBaseline, queue: 'ml' },
  { job: checkSessionRisk, queue: 'ml' },
  { job: calculateEffectiveness, queue: 'policy' },
  { job: trackOutcome, queue: 'policy' },
  { job: simulateChange, queue: 'policy' },
  { job: rollBackPolicy, queue: 'policy' },
];
