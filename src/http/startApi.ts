/** The API as a part: the application and what it needs, ready to be put behind an HTTP server. */
import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import { createScopes } from '../access/demandScope.ts';
import { createScopeCache } from '../access/scopeCache.ts';
import type { IssueTicket } from '../core/definitions/command.ts';
import { besideCourt, idOf } from '../core/definitions/stream.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { createAddresses } from '../infra/addresses.ts';
import { startBacklogWatch } from '../infra/backlog/backlogWatch.ts';
import { listenForScopeChanges } from '../infra/broadcast/scopeChanges.ts';
import { openGeoIp } from '../infra/geoIp.ts';
import { tokenIssuer } from '../infra/issueToken.ts';
import { openLimiter } from '../infra/limiter/openLimiter.ts';
import { createLinkSecrets } from '../infra/linkSecrets.ts';
import { closeNotes, noteTokens } from '../infra/noteTokens.ts';
import { POLL_POOL_SIZE } from '../infra/postgres/boundedRead.ts';
import { readInstallation } from '../infra/postgres/installation.ts';
import type { Backbone } from '../infra/process/backbone.ts';
import type { Config } from '../infra/process/config.ts';
import { startProcessProbe } from '../infra/process/processProbe.ts';
import { readVersion } from '../infra/process/version.ts';
import { measureQueues } from '../infra/queue/measureQueues.ts';
import { type Revocations, startRevocations } from '../infra/revocations.ts';
import { createHeadSigner } from '../infra/signer/heads.ts';
import { signerFiles } from '../infra/signer/signerFiles.ts';
import type { Probe } from '../infra/telemetry/probe.ts';
import { followTicketKeys, type TicketKeys } from '../infra/ticketKeys.ts';
import { createTokens, type Tokens } from '../infra/tokens.ts';
import type { Trial } from '../infra/trial.ts';
import { catalog } from '../modules.ts';
import { createApp } from './app.ts';
import { countRefusals } from './audit/refusals.ts';
import { createAcceptor } from './commands/acceptance.ts';
import { listenForOutcomes } from './commands/outcomes.ts';
import { createWaits } from './commands/waits.ts';
import type { ApiContext } from './door/door.ts';
import { createShares, shareOut } from './door/shares.ts';
import { createFeedRuns } from './feeds/feedRuns.ts';
import { openOutside } from './feeds/outside.ts';
import { countReaders } from './gallery/visits.ts';
import { openGuard } from './guard/openGuard.ts';
import { createContextScores } from './logins/contextScores.ts';
import { createSharing } from './operations/sharing.ts';
import { createVerifyRuns } from './operations/verifyRuns.ts';
import { openPolicyDoor } from './policies/policyDoor.ts';
import { createReading } from './queries/scopedReads.ts';

export interface Api {
  app: Express;
  db: Queryable;
  probe: Probe;
  tokens: Tokens;
  /** To be called first when stopping: not ready from now on, and requests that wait for an outcome are soon answered. */
  drain(): void;
  /** To be called when the server has answered its last request. */
  close(): Promise<void>;
}

const DOOR_POOL_SIZE = 5;
const READING_POOL_SIZE = 6;
const VERIFIER_POOL_SIZE = 2;
const UPLOADS_AT_ONCE = { total: 64, perInstitution: 32, perUser: 5, maxWaiting: 0, waitAtMost_ms: 0 };
const HASHED_AT_ONCE = 4;
const BUNDLES_AT_ONCE = { total: 32, perInstitution: 16, perUser: 2, maxWaiting: 0, waitAtMost_ms: 0 };
const ANONYMOUS_AT_ONCE = { total: 64, perInstitution: 64, perUser: 1, maxWaiting: 200, waitAtMost_ms: 5_000 };

export async function startApi(
  backbone: Backbone,
  secret: string | undefined,
  connections?: () => number,
  trial?: Trial,
): Promise<Api> {
  const { config, queues, reports, broadcast, heartbeat, metrics, log, blobs } = backbone;
  await queues.demandFit();
  const limiter = await openLimiter(backbone);
  const pools = openPools(backbone);
  const { door: db } = pools;
  const { id } = await readInstallation(db);
  const ticketKeys = await followTicketKeys(db, log);
  await claimFiles(backbone, id);
  const revocations = startRevocations({ db, broadcast, log });
  const tokens = openTokens(config, secret, ticketKeys, revocations);
  const instance = randomUUID();
  const outcomes = await listenForOutcomes(instance, { db, broadcast, metrics, log });
  const backlog = await startBacklogWatch({ pool: pools.polls, ...besideCourt(catalog.kinds), metrics, log });
  const storing = { db, queues, kinds: catalog.kinds, backlog, metrics, log };
  const acceptor = createAcceptor({ ...storing, isAway: () => probe.isAway() });
  await heartbeat.join('api');
  measureQueues(queues, metrics);
  const probe = await startProcessProbe(backbone, {
    pool: pools.polls,
    isAccepting: acceptor.isAccepting,
    ...(connections && { connections }),
  });
  const { scopes, cache, stopFollowing } = followScopes(db, backbone);
  const { contexts, ...notes } = await openLogins(backbone, db, tokens, config.SERVER_SECRET ?? secret ?? id);
  const guard = await openGuard({ backbone, db, acceptor, secret, scopes: cache });
  const context = {
    config,
    reading: createReading(pools.reading, pools.verifier),
    queues,
    broadcast,
    reports,
    tokens,
    ...{ limiter, ...notes, guard, contexts, policies: await openPolicyDoor(backbone, db, { contexts, ...notes }) },
    outside: openOutside(backbone),
    ...{ addresses: createAddresses(config), cache: backbone.cache },
    blobs,
    ...createBounds(),
    ...{ installation: id, fingerprint_key: config.SERVER_SECRET ?? secret ?? id, door: db, scopes },
    acceptor,
    outcomes,
    heads: createHeadSigner(signerFiles(config, id).headKey, log),
    verifyRuns: createVerifyRuns({ db, queues, metrics, log }),
    feedRuns: createFeedRuns({ db, queues, metrics, log }),
    ...{ instance, health: probe.health },
    issueTicket: ticketsOf(tokens),
    ...{ ...linksOf(ticketKeys, config), issueToken: tokenIssuer(config, secret) },
    visits: countReaders({ acceptor, secret: config.SERVER_SECRET ?? secret ?? id, log }),
    ...{ metrics, log, refusals: countRefusals({ db, installation: id, metrics, log }) },
  };
  const home = { version: readVersion(), isWhole: connections !== undefined, trial };

  function drain(): void {
    probe.drain();
    void heartbeat.leave('api');
    outcomes.hurry();
    context.verifyRuns.hurry();
    context.feedRuns.hurry();
  }

  async function close(): Promise<void> {
    await Promise.all([context.visits, context.refusals, context.policies].map((one) => one.close()));
    await acceptor.idle();
    outcomes.close();
    stopFollowing();
    revocations.close();
    ticketKeys.close();
    probe.close();
    backlog.close();
    for (const part of [limiter, guard, context.outside]) part.close();
    await closeNotes(notes);
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
  }

  return { app: createApp(context, probe, home), db, probe, tokens, drain, close };
}

/** `polls` is apart, so that a door that is busy keeps no probe waiting. */
function openPools(backbone: Backbone) {
  return {
    door: backbone.openPool('door', DOOR_POOL_SIZE),
    polls: backbone.openPool('door', POLL_POOL_SIZE),
    reading: backbone.openPool('api', READING_POOL_SIZE),
    verifier: backbone.openPool('verifier', VERIFIER_POOL_SIZE),
  };
}

function openTokens(
  config: Config,
  secret: string | undefined,
  ticketKeys: TicketKeys,
  revocations: Revocations,
): Tokens {
  const { JWT_PUBLIC_KEY: publicKey, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  return createTokens({ secret, publicKey, issuer, audience, ticketKeys, revocations });
}

/** Where people are signed in, and how well their requests fit them. */
async function openLogins({ config, cache, log }: Backbone, db: Queryable, tokens: Tokens, secret: string) {
  const notes = noteTokens({ db, tokens, secret, locate: await openGeoIp(config.GEOIP_FILE), log });
  return { ...notes, contexts: createContextScores({ db, cache, logins: notes.logins, tokens, log }) };
}

/** The scope cache is invalidated by what the workers announce. */
function followScopes(db: Queryable, { broadcast, log }: Backbone) {
  const cache = createScopeCache(db);
  const followed = { onChange: cache.forget, onInterruption: cache.forgetAll };
  return { cache, scopes: createScopes(db, cache), stopFollowing: listenForScopeChanges(broadcast, followed, log) };
}

/** A stream that has listeners is a session's. */
function ticketsOf(tokens: Tokens): IssueTicket {
  return ({ stream, ...ticket }) => tokens.issueTicket({ ...ticket, session_id: idOf(stream) });
}

/** Absolute where the server knows what the public calls it. */
function linksOf(ticketKeys: TicketKeys, { PUBLIC_URL = '' }: Config): Pick<ApiContext, 'issueLink' | 'secretHashOf'> {
  const { hashOf, secretOf } = createLinkSecrets(ticketKeys);
  return {
    secretHashOf: hashOf,
    issueLink({ id, secret_hash, path }) {
      const secret = secretOf(id, secret_hash);
      return secret === undefined ? null : `${PUBLIC_URL.replace(/\/+$/, '')}${path(secret)}`;
    },
  };
}

/** What is done at once, and for whom, in this process. */
function createBounds() {
  return {
    hashing: shareOut(HASHED_AT_ONCE),
    uploading: createShares(UPLOADS_AT_ONCE),
    waits: createWaits(),
    verifications: createSharing(),
    anonymousVerifications: createShares(ANONYMOUS_AT_ONCE),
    bundles: createShares(BUNDLES_AT_ONCE),
    anonymousBundles: createShares({ ...BUNDLES_AT_ONCE, perInstitution: 32, perUser: 1 }),
  };
}

/** Without a writable BLOB_DIR the API starts; only uploads are refused. */
async function claimFiles({ blobs, log }: Backbone, installation: string): Promise<void> {
  try {
    const owner = await blobs.claim(installation);
    if (owner !== installation) log.error({ owner }, 'BLOB_DIR belongs to another installation: no exhibits are taken');
  } catch (err) {
    log.error({ err }, 'BLOB_DIR cannot be written: exhibits cannot be uploaded');
  }
}
