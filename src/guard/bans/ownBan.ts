/** What signed-in authors are told of a ban on them: why, until when, and how to have it looked at again. */
import { z } from 'zod';
import { at, named, text } from '../../core/definitions/answers.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { REASONS_FOR } from './ban.ts';

export const ownBanAnswer = named(
  'OwnBan',
  z.strictObject({
    reason: text,
    /** Null until it is lifted. */
    until: at.nullable(),
    appeal: text,
  }),
  {
    ...{ reason: 'Insults counsel.', until: '2026-09-25T10:11:12.345Z' },
    appeal: 'An admin of the institution can lift it: ask one, and name the ban 018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e13.',
  },
);

/** In the words of a rule, where no person gave a reason. */
const BY_RULE: Record<(typeof REASONS_FOR)[number], string> = {
  burst: 'More commands came at once than a person sends.',
  rate: 'More commands came at once than a person sends.',
  cooldown: 'More was posted than the cooldown lets by.',
  text: 'Several texts were refused within a day.',
  honeypot: 'A field was filled that people do not see; programs that fill forms do that, too.',
  reports: 'Several people reported what you posted.',
  person: 'A host of the gallery or an admin decided so.',
};

interface OwnBan {
  ban_id: string;
  rule: keyof typeof BY_RULE;
  reason: string | null;
  until: string | null;
}

/** Read as the author, who is the reader; undefined where there is none, and where the institution does not tell. */
export async function readOwnBan(
  db: Queryable,
  session_id: string,
): Promise<z.output<typeof ownBanAnswer> | undefined> {
  const text = 'select ban_id, rule, reason, until from own_ban($1)';
  const { rows } = await db.query<OwnBan>({ name: 'read-own-ban', text, values: [session_id] });
  return rows[0] && noticeOf(rows[0]);
}

function noticeOf({ ban_id, rule, reason, until }: OwnBan) {
  const appeal = `An admin of the institution can lift it: ask one, and name the ban ${ban_id}.`;
  return { reason: reason ?? BY_RULE[rule], until, appeal };
}
