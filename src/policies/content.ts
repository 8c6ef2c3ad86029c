/** What an admin says of a policy, and what is asked of it at the door. */
import { z } from 'zod';
import type { InputError } from '../core/definitions/command.ts';
import type { Outside } from '../core/definitions/outside.ts';
import { privately } from '../core/definitions/privateText.ts';
import { isPlain, line, NOT_PLAIN } from '../core/definitions/schemas.ts';
import { EXAMPLE_RULE } from './policy.ts';
import { rulesSchema } from './rule.ts';

export const reason = privately(z.string().min(1).max(500).refine(isPlain, NOT_PLAIN));

export const contentBody = { name: line.optional(), rules: rulesSchema, reason: reason.optional() };

export const CONTENT_EXAMPLE = { name: 'Rounds', rules: [EXAMPLE_RULE], reason: 'The semi-finals begin.' };

interface Named {
  input: { rules: readonly { resource_type: string }[] };
}

/** A rule about a command that there is not would guard nothing, and nobody would notice. */
export async function faultsOfRules({ isCommand }: Outside, { input: { rules } }: Named): Promise<InputError[]> {
  return rules.flatMap(({ resource_type }, i) =>
    isCommand(resource_type)
      ? []
      : [{ pointer: `/rules/${i}/resource_type`, detail: 'is neither the name of a command nor <noun>.* of one' }],
  );
}
