/** What is cached of a user goes with the user's tokens. Where that fails it lives for its time, which is a day at most. */
import { revocations } from '../../src/tokens/revocation.ts';
import type { Follower } from '../apply/follower.ts';

export const dropCached: Follower = ({ writes }, { cache }) => {
  const users = writes.filter(({ table, key }) => table === revocations.name && key.claim === 'sub');
  return users.map(async ({ set }) => void (await cache?.invalidateUser(String(set.value))));
};
