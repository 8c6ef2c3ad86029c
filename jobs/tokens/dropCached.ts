/** What is cached of a user goes with the user's tokens, or one of the sign-ins. Where that fails it lives for its time, which is a day at most. */
import { revocations } from '../../src/tokens/revocation.ts';
import type { Follower } from '../apply/follower.ts';

export const dropCached: Follower = ({ writes }, { cache }) => {
  const users = writes.flatMap(({ table, key, set }) => {
    if (table === revocations.name && key.claim === 'sub') return [String(set.value)];
    // The end of one that waited for the court was asked for before.
    return table === 'login_ends' && set.user_id !== undefined ? [String(set.user_id)] : [];
  });
  return [...new Set(users)].map(async (user_id) => void (await cache?.invalidateUser(user_id)));
};
