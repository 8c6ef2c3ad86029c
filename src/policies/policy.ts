/**
 * A policy: rules about who may send which commands, and how sure it must be that it is them. It begins by observing: what
 * it would refuse is stored, and nothing is refused.
 */
import { z } from 'zod';
import { isUuid } from '../core/chain/ids.ts';
import { at, count, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import { EXAMPLE, exampleId } from '../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { type Rule, ruleSchema } from './rule.ts';

/** The channel that says that policies have changed. */
export const POLICIES = 'policies';

export const MODES = ['observe', 'enforce'] as const;
export type Mode = (typeof MODES)[number];

/** What a policy said once, to go back to. */
export interface PastVersion {
  version: number;
  name: string;
  rules: readonly Rule[];
}

export interface Policy {
  id: string;
  institution_id: string;
  name: string;
  rules: readonly Rule[];
  version: number;
  mode: Mode;
  active: boolean;
  /** Since when it observes with these rules; null where it does not. */
  observed_since: string | null;
  created_at: string;
  changed_at: string;
  /** The last of them, the oldest first. */
  past: readonly PastVersion[];
}

export const policyStream = defineStream<Policy | null>('policy', {
  initial: () => null,
  apart: true,
  // What keeps a thief out must not wait for a flood.
  few: true,
});

export const policies = defineTable({
  name: 'policies',
  stream: 'policy',
  owner: 'id',
  primary_key: ['id'],
  visible: 'to_institution',
  scope: ['id', 'institution_id', 'rules', 'version', 'mode', 'active', 'changed_at'],
});

export const policyChanges = defineTable({
  name: 'policy_changes',
  stream: 'policy',
  owner: 'policy_id',
  primary_key: ['policy_id', 'n'],
  visible: 'to_institution',
});

export const policyOverrides = defineTable({
  name: 'policy_overrides',
  stream: 'policy',
  owner: 'policy_id',
  primary_key: ['policy_id', 'n'],
  visible: 'to_institution',
  scope: ['policy_id', 'institution_id', 'session_id', 'user_id', 'overridden_at'],
});

export function thePolicy(id: string): Lock<'policy', Policy> {
  return { kind: 'policy', stream: streamName('policy', id) };
}

const OWNER = { name: 'find-owner-of-policy', text: 'select institution_id from policies where id = $1' };

interface Asked {
  /** As the sender. */
  db: Queryable;
  input: { [field: string]: unknown };
}

/** The institution whose policy it is; undefined where there is none that the sender may see. */
export async function ownerOf({ db, input }: Asked): Promise<string | undefined> {
  const id = String(input.policy_id);
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<{ institution_id: string }>({ ...OWNER, values: [id] });
  return rows[0]?.institution_id;
}

const facts = {
  ...{ id: uuid, institution_id: uuid, name: text, rules: z.array(ruleSchema), version: count },
  ...{ mode: z.enum(MODES), active: z.boolean() },
  /** Since when it observes with these rules; null where it does not. */
  observed_since: at.nullable(),
  ...{ created_at: at, changed_at: at },
};

export const EXAMPLE_RULE: Rule = {
  ...{ resource_type: 'turn.*', allowed_roles: ['admin', 'judge', 'moderator'] },
  ...{ min_confidence: 60, step_up: false, hours: { from: 7, to: 23 } },
};

export const policyAnswer = named('Policy', z.strictObject(facts), {
  ...{ id: exampleId('21'), institution_id: EXAMPLE.institution_id, name: 'Rounds', rules: [EXAMPLE_RULE], version: 1 },
  ...{ mode: 'observe' as const, active: true, observed_since: EXAMPLE.created_at },
  ...{ created_at: EXAMPLE.created_at, changed_at: EXAMPLE.created_at },
});
export const policyList = listOf('PolicyList', policyAnswer);

export type PolicyAnswer = z.output<typeof policyAnswer>;

/** The result of a command. */
export function answerOf({ past: _, rules, ...policy }: Policy): PolicyAnswer {
  return { ...policy, rules: [...rules] };
}
