/** What people asked to be forgotten: one request at a time of a person in an institution, and those of the last 30 days. */
import { z } from 'zod';
import { at, named, uuid } from '../core/definitions/answers.ts';
import type { FactSource } from '../core/definitions/command.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { KEPT, keptAnswer } from './kept.ts';

export interface Awaited {
  id: string;
  asked_at: string;
}

/** The request of the sender that is not carried out yet. */
export const awaited: FactSource<unknown, Awaited> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const text = `
      select distinct on (c.id) c.id as key, e.id, e.asked_at
      from commands c join privacy_erasures e on e.user_id = (c.input ->> 'user_id')::uuid and e.done_at is null
        and e.institution_id is not distinct from case when c.actor_role <> 'super_admin' then c.actor_institution_id end
      where c.id = any($1) order by c.id, e.asked_at`;
    const { rows } = await db.query<Awaited & { key: string }>(text, [command_ids]);
    return new Map(rows.map(({ key, ...fact }) => [key, fact]));
  },
};

export const erasureAnswer = named('PrivacyErasure', z.strictObject({ id: uuid, asked_at: at, kept: keptAnswer }), {
  ...{ id: EXAMPLE.command_id, asked_at: EXAMPLE.now, kept: KEPT.slice(0, 1) },
});
