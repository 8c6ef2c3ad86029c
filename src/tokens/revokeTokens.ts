/**
 * Tokens are ended before their time: those issued up to now that bear any of the names that are given. An admin ends
 * tokens of the own institution, and none of a super_admin.
 */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { at, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { id, isPlain, NOT_PLAIN } from '../core/definitions/schemas.ts';
import { insert } from '../core/definitions/write.ts';
import { theRevocation } from './revocation.ts';

/** No token that is good today outlives it: src/infra/tokens.ts takes none that ends later. */
const KEPT_MS = 366 * 24 * 3_600_000;

const name = z.string().min(1).max(255).refine(isPlain, NOT_PLAIN);
const body = z
  .strictObject({ jti: name.optional(), sid: name.optional(), user_id: id.optional() })
  .refine((named) => Object.keys(named).length > 0, 'must name tokens by jti, sid or user_id');

const keptUntil = (now: string) => new Date(Date.parse(now) + KEPT_MS).toISOString();

const revocationAnswer = named(
  'Revocation',
  z.strictObject({
    ...{ id: uuid, jti: text.nullable(), sid: text.nullable(), user_id: uuid.nullable() },
    ...{ revoked_at: at, kept_until: at },
  }),
  {
    ...{ id: EXAMPLE.command_id, jti: null, sid: null, user_id: EXAMPLE.user_id },
    ...{ revoked_at: EXAMPLE.now, kept_until: '2027-09-25T10:11:12.345Z' },
  },
);

export const revokeTokens = defineCommand({
  name: 'tokens.revoke',
  route: 'POST /ops/tokens/revoke',
  summary: 'End the tokens issued up to now that bear one of these names; their connections close within a second',
  who: ADMINS,
  body,
  example: { user_id: EXAMPLE.user_id },
  locks: (_, __, id) => [theRevocation(id)],
  decide: () => [],
  writes(_, { id, input, actor, now }) {
    const { jti, sid, user_id: sub } = input;
    const facts = {
      institution_id: actor.role === 'super_admin' ? null : actor.institution_id,
      ...{ revoked_at: now, revoked_by: actor.id, kept_until: keptUntil(now) },
    };
    return Object.entries({ jti, sid, sub }).flatMap(([claim, value]) =>
      value === undefined ? [] : [insert('revocations', { id, claim }, { value, ...facts })],
    );
  },
  resource: revocationAnswer,
  result: (_, { id, input, now }) => ({
    ...{ id, jti: input.jti ?? null, sid: input.sid ?? null, user_id: input.user_id ?? null },
    ...{ revoked_at: now, kept_until: keptUntil(now) },
  }),
  records: [],
  rejects: [],
});
