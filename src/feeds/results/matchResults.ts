/** Results that admins hand in for a match of a tournament's site, on a stream of the match: nothing else is recorded there. */
import { z } from 'zod';
import { at, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import type { Lock } from '../../core/definitions/defineCommand.ts';
import { EXAMPLE, exampleId } from '../../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../../core/definitions/stream.ts';

export interface MatchResults {
  /** Of the match. */
  id: string;
  /** What was handed in last, until it is settled; null where nothing is. */
  waiting: { id: string; handed_at: string } | null;
}

export const matchStream = defineStream<MatchResults>('match', {
  initial: (id) => ({ id, waiting: null }),
  apart: true,
});

/** What a command locks of it, and sees as `match`. */
export function theMatch(match_id: string): Lock<'match', MatchResults> {
  return { kind: 'match', stream: streamName(matchStream.kind, match_id) };
}

/** After that another may be handed in, whatever became of it. */
export const SETTLED_WITHIN_MS = 3_600_000;
/** Nothing is sent later: it would arrive after another one, or beside it. */
export const SENT_WITHIN_MS = SETTLED_WITHIN_MS - 10 * 60_000;

const RESULT_STATES = ['waiting', 'posted', 'failed'] as const;

export const resultAnswer = named(
  'MatchResult',
  z.strictObject({
    ...{ id: uuid, match_id: uuid },
    /** SHA-256 of the sheets and of `confirm`, in canonical JSON (RFC 8785). */
    hash,
    confirm: z.boolean(),
    state: z.enum(RESULT_STATES),
    /** As the site calls it; null unless it was posted. */
    ballot_id: text.nullable(),
    /** Null unless it failed. */
    why: text.nullable(),
    handed_at: at,
    settled_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.command_id, match_id: exampleId('02'), hash: EXAMPLE.hash, confirm: true },
    ...{ state: 'posted' as const, ballot_id: '1042', why: null },
    ...{ handed_at: EXAMPLE.started_at, settled_at: EXAMPLE.now },
  },
);
