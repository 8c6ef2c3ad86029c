/** That policies have changed, or are switched, is announced, so that doors read it at once; each finds out for itself within a second. */
import { institutionSettings } from '../../src/institutions/institution.ts';
import { POLICIES, policies, policyOverrides } from '../../src/policies/policy.ts';
import type { Follower } from '../apply/follower.ts';

const TOLD: readonly string[] = [policies.name, policyOverrides.name, institutionSettings.name];

export const announcePolicies: Follower = ({ writes }, { publish }) =>
  writes.some(({ table }) => TOLD.includes(table)) ? [publish(POLICIES, '')] : [];
