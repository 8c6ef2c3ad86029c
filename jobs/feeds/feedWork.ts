/** All that a worker does for feeds on queue `default`, with what it takes: sites, rounds, imports, results. */
import type pg from 'pg';
import type { WithinTransaction } from '../../src/feeds/matches/storeMatches.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { catalog } from '../../src/modules.ts';
import { createSend } from '../send/sendCommand.ts';
import { createFeedJobs } from './feedJobs.ts';
import { createImportRunner } from './importRunner.ts';
import { POST_RESULT } from './jobs.ts';
import { createResultRunner } from './resultRunner.ts';
import type { RoomFeed } from './roomFeed.ts';
import { createRoundStore } from './roundStore.ts';
import { createRounds } from './rounds.ts';
import { askingOf, openSites } from './sites.ts';
import { createSweeping, sweepMatches } from './sweepMatches.ts';
import { tellDisputes } from './tellDisputes.ts';

export interface FeedWorkOptions {
  backbone: Backbone;
  /** Role `worker`. */
  db: pg.Pool;
  /** Role `feeds`. */
  feedsPool: pg.Pool;
  rooms: RoomFeed;
}

export function openFeedWork({ backbone, db, feedsPool, rooms }: FeedWorkOptions) {
  const { config, queues, metrics, log, fanout, broadcast } = backbone;
  const within: WithinTransaction = (work) => inTransaction(feedsPool, work);
  const sites = openSites(backbone);
  const telling = { publishMatch: fanout.publishMatch, touchRooms: rooms.touch };
  const roundStore = createRoundStore({ db, feedsPool, ...telling, metrics, log });
  const rounds = createRounds({ db, sites, roundStore, metrics, log });
  const importing = { pool: db, inbox: feedsPool, catalog, queues, log, onSchedule: rounds.storeAsked };
  const imports = createImportRunner({ ...importing, ...askingOf(sites) });
  const send = createSend({ db, catalog, queues, log, request_id: POST_RESULT });
  const results = createResultRunner({ db, sites, send, isOn: config.FEED_RESULTS_BACK, log });
  const upkeep = {
    removeOld: createSweeping(() => sweepMatches(db, within)),
    tellDisputes: () => tellDisputes(db, within, quietly(broadcast)),
  };
  const { answer } = createFeedJobs({ rooms, ...upkeep, roundStore, rounds, imports, results });
  return {
    answer,
    watched: [imports.watched, results.watched],
    /** Resolves when what is under way has come to its next step. */
    close: () => Promise.all([imports.close(), results.close()]),
    closeSites: sites.close,
  };
}
