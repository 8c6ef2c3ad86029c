/** What the tasks have in common by which an operator puts something on an audit trail by hand. */
import { z } from 'zod';
import { ENTRY_TYPES, OUTCOMES } from '../../src/audit/entry.ts';
import { recordEntries } from '../../src/audit/recordEntries.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import type { JobTools } from '../job.ts';

const name = z.string().regex(/^[a-z0-9._:-]{1,64}$/);
const told = {
  type: z.enum(ENTRY_TYPES),
  user_id: name,
  action: name,
  role: name.default('operator'),
  outcome: z.enum(OUTCOMES).default('applied'),
  code: name.nullable().default(null),
  subject: name.nullable().default(null),
};
export const event = z.strictObject(told);
/** Nothing of it has to be told: a task that lacks what it needs is skipped. */
export const one = z.strictObject({ institution_id: id, ...told }).partial();

type Told = z.output<typeof event>;

export const entryOf = (facts: Told, slot: string): JsonObject => ({
  ...facts,
  ...{ command_id: null, count: 1, happened_at: new Date(slot).toISOString() },
});

export async function record(
  { send, slot }: JobTools,
  of: string,
  owner: string,
  entries: JsonObject[],
): Promise<JsonObject> {
  await send({ name: recordEntries.name, input: { owner, entries }, key: `${of} ${owner} ${slot}` });
  return { recorded: entries.length };
}

export const NEEDS = 'it is to be told institution_id, type, user_id and action';

export const isWhole = (input: z.output<typeof one>) =>
  input.institution_id && input.type && input.user_id && input.action;
