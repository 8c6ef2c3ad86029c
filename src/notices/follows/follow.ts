/** A person follows a session, a match or a team from now on: its start, its rulings and its result. */
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ROLES } from '../../core/definitions/actor.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { reject } from '../noticeProblems.ts';
import { theNotices } from '../theNotices.ts';
import { followAnswer, followBody, followResult, MOST_FOLLOWED, ownFollows, subjectOf } from './followed.ts';

export const follow = defineOwnedCommand({
  name: 'notices.follow',
  route: 'POST /follow',
  summary: 'Follow a session, a match or a team: its start, rulings and result',
  who: ROLES,
  within: null,
  ownerOf: async ({ actor }) => actor.id,
  body: followBody,
  example: { team: 'Harbour' },
  /** Row security shows what is in the sender's scope. */
  async refuse({ db, input: { session_id, match_id } }) {
    const [table, id] = session_id === undefined ? ['matches', match_id] : ['courtroom_sessions', session_id];
    if (id === undefined) return undefined;
    const { rows } = await db.query(`select from ${table} where id = $1`, [id]);
    return rows.length > 0 ? undefined : reject('not_found', 'There is nothing of this id for you.');
  },
  locks: ({ owner }) => [theNotices(owner)],
  facts: ownFollows,
  decide(_, { input }, known) {
    const others = [...(known ?? [])].filter(([subject, goes_on]) => goes_on && subject !== subjectOf(input));
    if (others.length < MOST_FOLLOWED) return [];
    return reject('too_many_followed', `You follow ${others.length} already.`);
  },
  writes(_, { input, actor, now }, known) {
    const { owner: user_id } = input;
    const subject = subjectOf(input);
    if (known?.get(subject)) return [];
    const write = known?.has(subject) ? update : insert;
    const who = { role: actor.role, institution_id: actor.institution_id };
    return [write('follows', { user_id, subject }, { ...who, followed_at: now, ended_at: null })];
  },
  keeps: ({ owner }) => ({ owner }),
  resource: followAnswer,
  result: (_, { input }) => followResult(input, true),
  records: [],
  rejects: ['too_many_followed'],
});
