/** What is recorded of policies. Each event is a line of the policy's evolution, with who made it and why. */
import { z } from 'zod';
import { defineEvent, type RecordedEvent } from '../core/definitions/event.ts';
import { privateText } from '../core/definitions/privateText.ts';
import { id } from '../core/definitions/schemas.ts';
import { idOf } from '../core/definitions/stream.ts';
import { insert, update, type Write } from '../core/definitions/write.ts';
import { MODES, type PastVersion, type Policy, policyStream } from './policy.ts';
import { rulesSchema } from './rule.ts';

/** As many as a policy can go back to. */
const MOST_PAST = 100;

export const CHANGES = ['created', 'changed', 'rolled_back', 'activated', 'deactivated'] as const;
type Change = (typeof CHANGES)[number];

const reason = privateText.nullable();
const content = { name: z.string(), rules: rulesSchema, reason };

/** The line of its evolution, and the policy as it is after it. */
function projected(change: Change, { sequence, actor, at, payload }: RecordedEvent<object>, policy: Policy): Write[] {
  const { id, past: _, ...row } = policy;
  const write = sequence === 1 ? insert : update;
  const { institution_id, name, rules, version, mode, active } = policy;
  const { reason = null } = payload as { reason?: string | null };
  const facts = { institution_id, change, name, rules, version, mode, active };
  const line = { ...facts, reason, changed_by: actor, changed_at: at };
  return [
    write('policies', { id }, row as never),
    insert('policy_changes', { policy_id: id, n: sequence }, line as never),
  ];
}

const withPast = ({ past, version, name, rules }: Policy): PastVersion[] =>
  [...past, { version, name, rules }].slice(-MOST_PAST);

export const policyCreated = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_CREATED',
  payload: z.strictObject({ institution_id: id, ...content }),
  evolve: (_, { stream, at, payload: { institution_id, name, rules } }): Policy => ({
    ...{ id: idOf(stream), institution_id, name, rules, version: 1, mode: 'observe', active: true },
    ...{ observed_since: at, created_at: at, changed_at: at, past: [] },
  }),
  project: (event, policy) => projected('created', event, policy!),
});

export const policyChanged = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_CHANGED',
  payload: z.strictObject(content),
  evolve: (policy, { at, payload }) => revised(policy!, at, payload),
  project: (event, policy) => projected('changed', event, policy!),
});

/** What holds from now on is what `to` said, as a version of its own. */
export const policyRolledBack = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_ROLLED_BACK',
  payload: z.strictObject({ to: z.int().min(1), ...content }),
  evolve: (policy, { at, payload }) => revised(policy!, at, payload),
  project: (event, policy) => projected('rolled_back', event, policy!),
});

/** Other rules are to be observed anew; one that enforces goes on. */
function revised(policy: Policy, at: string, { name, rules }: Pick<Policy, 'name' | 'rules'>): Policy {
  const observed_since = policy.observed_since === null ? null : at;
  return {
    ...policy,
    name,
    rules,
    version: policy.version + 1,
    observed_since,
    changed_at: at,
    past: withPast(policy),
  };
}

export const policyActivated = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_ACTIVATED',
  payload: z.strictObject({
    mode: z.enum(MODES),
    /** It was not observed for as long as it should have been. */
    forced: z.boolean(),
  }),
  evolve: (policy, { at, payload: { mode } }) => ({
    ...policy!,
    ...{ mode, active: true, changed_at: at, observed_since: mode === 'observe' ? at : policy!.observed_since },
  }),
  project: (event, policy) => projected('activated', event, policy!),
});

/** It decides nothing any more, and begins again as one that observes. */
export const policyDeactivated = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_DEACTIVATED',
  payload: z.strictObject({}),
  evolve: (policy, { at }) => ({
    ...policy!,
    ...{ mode: 'observe' as const, active: false, observed_since: null, changed_at: at },
  }),
  project: (event, policy) => projected('deactivated', event, policy!),
});

/** The policy stays as it is: it is lifted for a person until a session ends. */
export const policyOverridden = defineEvent({
  stream: policyStream,
  type: 'PROCEDURAL_POLICY_OVERRIDDEN',
  payload: z.strictObject({ session_id: id, user_id: id, reason: privateText }),
  evolve: (policy) => policy,
  project: ({ sequence, actor, at, payload }, policy) => {
    const { id: policy_id, institution_id } = policy!;
    const facts = { institution_id, ...payload, overridden_by: actor, overridden_at: at };
    return [insert('policy_overrides', { policy_id, n: sequence }, facts)];
  },
});
