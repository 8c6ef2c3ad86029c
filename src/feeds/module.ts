/** Feeds: rounds that come in from tournament software, as assignments, by the commands of the admin who asks. */
import { defineModule } from '../core/definitions/module.ts';
import { boards } from './boards/board.ts';
import { calendarLinks } from './boards/calendarLink.ts';
import { createBoard } from './boards/createBoard.ts';
import { linkCalendar } from './boards/linkCalendar.ts';
import { readBoard, readBoards } from './boards/readBoards.ts';
import { revokeBoard } from './boards/revokeBoard.ts';
import { settleConflict } from './conflicts/settleConflict.ts';
import { createFeed } from './createFeed.ts';
import { disableFeed } from './disableFeed.ts';
import { enableFeed } from './enableFeed.ts';
import { feeds as feedTable } from './feed.ts';
import { feedProblems } from './feedProblems.ts';
import { readEventList, readMatchDetails, readMatchList, readShownState } from './matches/readMatches.ts';
import { invitePerson } from './people/invitePerson.ts';
import { linkPerson } from './people/linkPerson.ts';
import { readPeople } from './people/readPeople.ts';
import { readFeed, readFeeds } from './readFeeds.ts';
import { removeFeed } from './removeFeed.ts';
import { handResult } from './results/handResult.ts';
import { readResult } from './results/readResult.ts';
import { settleResult } from './results/settleResult.ts';

export const feeds = defineModule({
  name: 'feeds',
  problems: feedProblems,
  reserved: { event_prefixes: [], stream_kinds: ['feed', 'board', 'calendar', 'match'] },
  commands: [
    ...[createFeed, enableFeed, disableFeed, removeFeed, linkPerson, invitePerson, settleConflict],
    ...[createBoard, revokeBoard, linkCalendar, handResult],
  ],
  systemCommands: [settleResult],
  tables: [feedTable, boards, calendarLinks],
  queries: [
    ...[readFeeds, readFeed, readPeople, readBoards, readBoard],
    ...[readMatchList, readMatchDetails, readShownState, readEventList, readResult],
  ],
});
