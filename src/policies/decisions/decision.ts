/**
 * What policies say of a request: for each that has a rule about it, whether it passes, and of those that enforce whether it
 * is refused. Pure: what is known of the sender is given.
 */
import { decide, type Lack, matches, nounOf, type Request, type Rule } from '../rule.ts';

/** A policy that is active, as the door knows it. */
export interface KnownPolicy {
  id: string;
  version: number;
  mode: 'observe' | 'enforce';
  rules: readonly Rule[];
}

export interface KnownPolicies {
  time_zone: string;
  policies: readonly KnownPolicy[];
  /** By policy, session and user. */
  overrides: ReadonlySet<string>;
}

export interface Asked extends Request {
  user_id: string;
  /** Of the session that it names; null where it names none. */
  session_id: string | null;
}

export const OUTCOMES = ['passed', 'would_refuse', 'refused', 'lifted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Verdict {
  policy_id: string;
  version: number;
  outcome: Outcome;
  lacks: readonly Lack[];
}

/** Nouns of commands that are lifted for a person, on the roster of a session. */
const LIFTED_NOUNS: readonly string[] = ['session', 'turn', 'objection', 'exhibit'];

export function overrideOf(policy_id: string, session_id: string, user_id: string): string {
  return `${policy_id} ${session_id} ${user_id}`;
}

/** What of them is about a command: of that they say the same. */
export function about({ policies, ...rest }: KnownPolicies, command: string): KnownPolicies {
  const matching = policies.map((policy) => ({
    ...policy,
    rules: policy.rules.filter((rule) => matches(rule, command)),
  }));
  return { ...rest, policies: matching.filter(({ rules }) => rules.length > 0) };
}

/** One for each policy that has a rule about it. */
export function judge({ policies, overrides }: KnownPolicies, asked: Asked): Verdict[] {
  return policies.flatMap(({ id, version, mode, rules }) => {
    const lacks = decide(rules, asked);
    if (!lacks) return [];
    const outcome = lacks.length === 0 ? 'passed' : outcomeOf(mode, isLifted(overrides, id, asked));
    return [{ policy_id: id, version, outcome, lacks }];
  });
}

function outcomeOf(mode: KnownPolicy['mode'], isLifted: boolean): Outcome {
  if (isLifted) return 'lifted';
  return mode === 'enforce' ? 'refused' : 'would_refuse';
}

function isLifted(overrides: KnownPolicies['overrides'], policy_id: string, { command, session_id, user_id }: Asked) {
  if (session_id === null || !LIFTED_NOUNS.includes(nounOf(command))) return false;
  return overrides.has(overrideOf(policy_id, session_id, user_id));
}
