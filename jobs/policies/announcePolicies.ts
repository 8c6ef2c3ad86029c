/**
 * That policies have changed, are switched, or are lifted no more because a session ended, is announced, so that doors read it at
 * once; each finds out for itself within a second.
 */
import type { Write } from '../../src/core/definitions/write.ts';
import { sessions } from '../../src/court/sessions/session.ts';
import { institutionSettings } from '../../src/institutions/institution.ts';
import { POLICIES, policies, policyOverrides } from '../../src/policies/policy.ts';
import type { Follower } from '../apply/follower.ts';

const TOLD: readonly string[] = [policies.name, policyOverrides.name, institutionSettings.name];

const isTold = ({ table, set }: Write) =>
  TOLD.includes(table) || (table === sessions.name && set.status === 'completed');

export const announcePolicies: Follower = ({ writes }, { publish }) =>
  writes.some(isTold) ? [publish(POLICIES, '')] : [];
