/** What may stand against bringing a round in. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const feedProblems = defineProblems({
  draw_not_released: [
    409,
    'The draw of this round is not released',
    'The tournament software has not released the draw of this round. Nothing of it is published before.',
    'Release the draw there. One that is confirmed can be brought in before, privately, with `unreleased`.',
  ],
  provider_failed: [
    409,
    'The tournament software did not give what was asked for',
    'The site could not be reached, refused, or answered what cannot be read; `detail` says which. Nothing was changed.',
    'Look whether the site works, and whether its token still has the rights that docs/feeds.md names. Then try again.',
  ],
  breaker_open: [
    409,
    'The tournament software is left alone for a while',
    'The last requests failed one after the other, so none is sent for a minute.',
    'Come back in a minute. `GET /api/feed/<id>` says how the feed is.',
  ],
  feed_disabled: [
    409,
    'The feed is switched off',
    'An admin has disabled this feed: nothing is asked of it, and nothing comes from it.',
    'Switch it on with `feed/<id>/enable`.',
  ],
  cannot_take: [
    409,
    'No command makes the match so',
    'A roster is changed person by person: places are neither added nor taken away, nobody changes the side, and a panel keeps who presides unless a judge is replaced.',
    'Take `ours`, or call the match off and make it anew.',
  ],
  too_many_feeds: [
    409,
    'The institution has as many feeds as it may have',
    'An institution has at most 200 feeds, those that are switched off included.',
    'Remove those that are over with `feed/<id>/remove`; the matches that came from them stay.',
  ],
  too_many_boards: [
    409,
    'The institution has as many boards as it may have',
    'An institution has at most 200 boards that are open: neither revoked nor past their end.',
    'Open the link of one that there is on one more screen, or revoke those that nobody needs with `board/<id>/revoke`.',
  ],
  person_linked: [
    409,
    'The person is a user already',
    'An admin has said which user this person is. Such a user has a token of their own, and gets none by an invitation.',
    'Have the person sign in. Invite those alone who were not linked.',
  ],
  no_results_back: [
    409,
    'No results go back to where this match is from',
    'Results are sent to tournament software that takes them, and to the match as it came from there: this one is a room of ours, or came from elsewhere.',
    'Where the room was brought in from such software, `match_id` is the match to hand it in for. Else look in `GET /api/match/list` for one with the provider `tabbycat`.',
  ],
  result_waits: [
    409,
    'A result of this match is on its way',
    'What was handed in before is not settled yet: whether it has arrived is still to be said.',
    'Ask `GET /api/match/<id>/result` how it came out. Then hand in another one, where it is needed.',
  ],
  confirm_plan: [
    409,
    'This changes more than is done without a look at it',
    'What would be done cancels a match, touches a session that is under way, or changes more than a fifth of the round; or it is no longer what the plan said that was confirmed.',
    'Ask with `dry_run` what would be done, and send its `plan` along.',
  ],
});

export const reject = rejectWith(feedProblems);
