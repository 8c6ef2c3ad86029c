/**
 * Rules of policies: which of them a command meets, and what it lacks to pass them. Every rule that matches must pass.
 * Pure: the hour and the confidence are given.
 */
import { z } from 'zod';
import { ROLES, type Role } from '../core/definitions/actor.ts';

const MOST_RULES = 50;

const hour = z.int().min(0).max(23);

export const ruleSchema = z.strictObject({
  /** A command's name, as `turn.start`, or all of its noun, as `turn.*`. */
  resource_type: z
    .string()
    .max(80)
    .regex(/^[a-z]+\.(\*|[a-z_]+)$/, 'must be the name of a command, as turn.start, or all of a noun, as turn.*'),
  allowed_roles: z
    .array(z.enum(ROLES))
    .min(1)
    .max(ROLES.length)
    .refine((roles) => new Set(roles).size === roles.length, 'must name no role twice'),
  min_confidence: z.int().min(0).max(100),
  /** A step-up within the last 15 minutes, whatever the confidence. */
  step_up: z.boolean(),
  /** Of the institution's clock: from the beginning of one hour up to the beginning of another, over midnight too. */
  hours: z
    .strictObject({ from: hour, to: hour })
    .refine(({ from, to }) => from !== to, 'must end at another hour than it begins')
    .optional(),
});
export type Rule = z.output<typeof ruleSchema>;

export const rulesSchema = z.array(ruleSchema).min(1).max(MOST_RULES);

/** What a rule can lack, in the order in which it is told. Only the last two can be mended by a step-up. */
export const LACKS = ['role', 'hours', 'confidence', 'step_up'] as const;
export type Lack = (typeof LACKS)[number];

/** A request as rules look at it. */
export interface Request {
  command: string;
  role: string;
  /** 0 to 100. */
  confidence: number;
  stepped_up: boolean;
  /** Of the institution's clock. */
  hour: number;
}

export function nounOf(command: string): string {
  return command.slice(0, command.indexOf('.'));
}

export function matches({ resource_type }: Pick<Rule, 'resource_type'>, command: string): boolean {
  return resource_type === command || resource_type === `${nounOf(command)}.*`;
}

export function isWithin(hours: Rule['hours'], hour: number): boolean {
  if (!hours) return true;
  const { from, to } = hours;
  return from < to ? from <= hour && hour < to : from <= hour || hour < to;
}

/** @returns undefined where no rule matches; nothing lacks where all that match pass */
export function decide(rules: readonly Rule[], request: Request): Lack[] | undefined {
  const matching = rules.filter((rule) => matches(rule, request.command));
  if (matching.length === 0) return undefined;
  const lacks = new Set(matching.flatMap((rule) => lacksOf(rule, request)));
  return LACKS.filter((lack) => lacks.has(lack));
}

function lacksOf({ allowed_roles, hours, min_confidence, step_up }: Rule, request: Request): Lack[] {
  const { role, hour, confidence, stepped_up } = request;
  return [
    ...(allowed_roles.includes(role as Role) ? [] : ['role' as const]),
    ...(isWithin(hours, hour) ? [] : ['hours' as const]),
    ...(confidence >= min_confidence ? [] : ['confidence' as const]),
    ...(!step_up || stepped_up ? [] : ['step_up' as const]),
  ];
}
