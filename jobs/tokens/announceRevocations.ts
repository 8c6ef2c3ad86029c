/** That tokens were revoked is announced, so that doors and relays read it at once; each finds out for itself within a second. */
import { REVOCATIONS } from '../../src/infra/revocations.ts';
import { revocations } from '../../src/tokens/revocation.ts';
import type { Follower } from '../apply/follower.ts';

export const announceRevocations: Follower = ({ writes }, { publish }) =>
  writes.some(({ table }) => table === revocations.name) ? [publish(REVOCATIONS, '')] : [];
