/** The routes that are neither commands nor questions of a module. With the lists of modules.ts these are all of the API. */
import { readAuditProof } from './audit/auditProof.ts';
import { readLedgerCheckpoints } from './audit/ledgerCheckpoints.ts';
import { takeBatch } from './behaviour/batchRoute.ts';
import { decideConsent } from './behaviour/consentRoute.ts';
import { readRisk } from './behaviour/riskRoute.ts';
import { trainModel } from './behaviour/trainRoute.ts';
import { readCommandState, redriveCommand } from './commands/serveCommandState.ts';
import { readMatchCalendar } from './feeds/calendar.ts';
import { openBoard, openBoardByPost } from './feeds/openBoard.ts';
import { readPersonCalendar } from './feeds/personCalendar.ts';
import { followInvite, redeemInvite } from './feeds/redeemInvite.ts';
import { importFeed, readFeedRun, syncFeed } from './feeds/runRoutes.ts';
import { readStatus } from './feeds/status.ts';
import { uploadFeed } from './feeds/uploadFeed.ts';
import { listAlias, postAlias, reportAlias } from './gallery/aliases.ts';
import { readCooldown, readCooldownAlias } from './gallery/cooldown.ts';
import { readNotice } from './notices/readNotice.ts';
import { readBackpressure } from './operations/backpressure.ts';
import { readCache } from './operations/cache.ts';
import { verifyGlobally } from './operations/globalVerify.ts';
import { readRun, readRuns, verifyAtLevel } from './operations/integrityRuns.ts';
import { readQueueStanding } from './operations/queues.ts';
import { readRoom } from './operations/room.ts';
import { readSockets } from './operations/sockets.ts';
import { readPerformance } from './policies/readPerformance.ts';
import { simulatePolicy } from './policies/simulatePolicy.ts';
import { exportOwn } from './privacy/exportRoute.ts';
import { readCheckpointOfSize, readCheckpoints, readKeys, readLatestCheckpoint } from './proof/checkpoints.ts';
import { readHead } from './proof/head.ts';
import { readConsistencyProof, readInclusionProof } from './proof/proofs.ts';
import { readTile } from './proof/tiles.ts';
import { readBundle } from './queries/bundle.ts';
import { readPresence } from './queries/presence.ts';
import { decideThreat } from './threats/outcomeRoute.ts';

export const routes = [
  readCommandState,
  redriveCommand,
  verifyGlobally,
  verifyAtLevel,
  readRuns,
  readRun,
  readSockets,
  readRoom,
  readBackpressure,
  readQueueStanding,
  readCache,
  readPresence,
  readBundle,
  exportOwn,
  readKeys,
  readLatestCheckpoint,
  readCheckpointOfSize,
  readCheckpoints,
  readTile,
  readInclusionProof,
  readConsistencyProof,
  readHead,
  importFeed,
  syncFeed,
  uploadFeed,
  readFeedRun,
  redeemInvite,
  followInvite,
  readCooldown,
  readCooldownAlias,
  listAlias,
  postAlias,
  reportAlias,
  readMatchCalendar,
  readPersonCalendar,
  openBoard,
  openBoardByPost,
  readStatus,
  readAuditProof,
  readLedgerCheckpoints,
  decideConsent,
  takeBatch,
  readNotice,
  trainModel,
  readRisk,
  readPerformance,
  simulatePolicy,
  decideThreat,
];
