/** A person says what to be told of, and when not at once. What is not named stays as it is. */
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ROLES } from '../core/definitions/actor.ts';
import type { FactSource } from '../core/definitions/command.ts';
import { definedOf } from '../core/definitions/defined.ts';
import { insert, update } from '../core/definitions/write.ts';
import {
  type PreferencesAnswer,
  preferencesAnswer,
  preferencesSchema,
  readPreferences,
  unsetPreferences,
} from './preferences.ts';
import { theNotices } from './theNotices.ts';

const body = preferencesSchema.partial();

const own: FactSource<{ owner: string }, PreferencesAnswer> = {
  key: ({ input }) => input.owner,
  load: (db, owners) => readPreferences(db, owners),
};

const wanted = (input: { owner: string }, known: PreferencesAnswer | undefined, changed_at: string) => {
  const { owner, ...changes } = input;
  return { ...(known ?? unsetPreferences(owner)), ...definedOf(changes), changed_at };
};

export const setPreferences = defineOwnedCommand({
  name: 'notices.prefer',
  route: 'POST /notifications/preferences',
  summary: 'Say which notices you want, and in which hours none is pushed; what is not named stays as it is',
  who: ROLES,
  ownerOf: async ({ actor }) => actor.id,
  body,
  example: { ruling: false, quiet_hours: { from: 22, to: 7 } },
  locks: ({ owner }) => [theNotices(owner)],
  facts: own,
  decide: () => [],
  writes(_, { input, actor, now }, known) {
    const { id, quiet_hours, ...flags } = wanted(input, known, now);
    const hours = { quiet_from: quiet_hours?.from ?? null, quiet_to: quiet_hours?.to ?? null };
    const write = known ? update : insert;
    const row = { ...flags, ...hours, institution_id: actor.institution_id };
    return [write('notice_preferences', { user_id: id }, row)];
  },
  keeps: ({ owner }) => ({ owner }),
  resource: preferencesAnswer,
  result: (_, { input, now }, known) => wanted(input, known, now),
  records: [],
  rejects: [],
});
