/** Notices: what people, and admins as such, are told of, what they want to be told of, and what they follow. */
import { defineModule } from '../core/definitions/module.ts';
import { follow } from './follows/follow.ts';
import { unfollow } from './follows/unfollow.ts';
import { noticeProblems } from './noticeProblems.ts';
import { readNotices, readOwnPreferences } from './readNotices.ts';
import { setPreferences } from './setPreferences.ts';
import { noticesStream } from './theNotices.ts';

export const notices = defineModule({
  name: 'notices',
  problems: noticeProblems,
  reserved: { event_prefixes: [], stream_kinds: ['notices'] },
  commands: [setPreferences, follow, unfollow],
  kinds: [noticesStream],
  queries: [readNotices, readOwnPreferences],
});
