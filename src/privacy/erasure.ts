/** What people asked to be forgotten: one request at a time of a person in an institution, and those of the last 30 days. */
import { z } from 'zod';
import { at, named, uuid } from '../core/definitions/answers.ts';
import type { FactSource } from '../core/definitions/command.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { groupBy } from '../core/groupBy.ts';
import { KEPT, keptAnswer } from './kept.ts';

export interface Awaited {
  id: string;
  /** Null of a super_admin's. */
  institution_id: string | null;
  asked_at: string;
}

/** The input as the inbox has it. */
export const kept = (input: unknown) => input as { user_id: string; commitment: string };

/** The requests of the sender that are not carried out yet, the oldest first. */
export const awaited: FactSource<unknown, readonly Awaited[]> = {
  key: ({ input }) => kept(input).user_id,
  async load(db, user_ids) {
    const text = `
      select user_id, id, institution_id, asked_at from privacy_erasures
      where user_id = any($1::uuid[]) and done_at is null order by asked_at`;
    const { rows } = await db.query<Awaited & { user_id: string }>(text, [user_ids]);
    return groupBy(rows, ({ user_id }) => user_id);
  },
};

export const erasureAnswer = named('PrivacyErasure', z.strictObject({ id: uuid, asked_at: at, kept: keptAnswer }), {
  ...{ id: EXAMPLE.command_id, asked_at: EXAMPLE.now, kept: KEPT.slice(0, 1) },
});
