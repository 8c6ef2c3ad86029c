/** Outcomes go to the API instances that wait for them, events to the channels of their listeners. */
import { groupBy } from '../../src/core/groupBy.ts';
import { announcementText, ERASURE } from '../../src/infra/broadcast/announcements.ts';
import { replyChannel, replyText } from '../../src/infra/broadcast/replies.ts';
import type { Follower } from './follower.ts';

export const announceOutcomes: Follower = ({ outcomes }, { publish }) =>
  [...groupBy(outcomes, (outcome) => outcome.reply_to)].map(([reply_to, group]) =>
    publish(replyChannel(reply_to), replyText(group)),
  );

export const announceEvents: Follower = ({ exported, outcomes }, { publish }) => {
  const causes = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return [...exported].map(([stream, events]) => publish(stream, announcementText(events, causes)));
};

/** Relays that do not hear of it find it out by their head check. */
export const announceErasures: Follower = ({ erasing }, { publish }) =>
  erasing.map(({ erased }) => publish(erased.stream, ERASURE));
