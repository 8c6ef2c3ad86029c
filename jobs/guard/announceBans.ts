/** That bans have changed is announced, so that doors read it at once; each finds out for itself within a second. */
import { guardBans } from '../../src/guard/bans/ban.ts';
import { BANS } from '../../src/infra/guard/followBans.ts';
import type { Follower } from '../apply/follower.ts';

export const announceBans: Follower = ({ writes }, { publish }) =>
  writes.some(({ table }) => table === guardBans.name) ? [publish(BANS, '')] : [];
