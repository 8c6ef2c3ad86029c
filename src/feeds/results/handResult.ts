/**
 * An admin hands in the sheets of a match's judges, for the site that the match came from. A worker sends them there, once:
 * what came of it is recorded by the system (settleResult.ts). The record has their hash, and the inbox keeps no sheets.
 */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { reject } from '../feedProblems.ts';
import { matchStream, resultAnswer, SETTLED_WITHIN_MS, theMatch } from './matchResults.ts';
import { hashOfResult, resultBody, sheetFaults } from './sheets.ts';

export const resultHanded = defineEvent({
  stream: matchStream,
  type: 'PROCEDURAL_MATCH_RESULT_HANDED',
  payload: z.strictObject({ result_id: id, feed_id: id, hash: z.string(), confirm: z.boolean() }),
  evolve: (match, { at, payload }) => ({ ...match, waiting: { id: payload.result_id, handed_at: at } }),
  project: () => [],
});

/** Where a match came from. */
export interface Origin {
  institution_id: string;
  provider: string;
  feed_id: string | null;
  provider_id: string | null;
  round: number | null;
  is_enabled: boolean;
  /** Of a room of ours, the match that it came from where that takes results. */
  goes_to: string | null;
}

const TAKES_RESULTS = ['tabbycat'];

const origins: FactSource<{ match_id: string }, Origin> = {
  key: ({ input: { match_id } }) => match_id,
  async load(db, keys) {
    const { rows } = await db.query<Origin & { id: string }>(
      `select m.id, m.institution_id, m.provider, m.feed_id, m.provider_id, m.round,
         coalesce(f.state = 'enabled', false) as is_enabled,
         (select o.id from matches o where o.assignment_id = m.assignment_id and o.id <> m.id and o.provider = any($2)
           order by o.published desc, o.listed_at desc, o.id limit 1) as goes_to
       from matches m left join feeds f on f.id = m.feed_id where m.id = any($1)`,
      [keys, TAKES_RESULTS],
    );
    return new Map(rows.map(({ id, ...origin }) => [id, origin]));
  },
};

const EXAMPLE_TEAMS = [
  { side: 'petitioner' as const, win: true, speeches: [{ speaker: '501', score: 76.5 }] },
  { side: 'respondent' as const, win: false, speeches: [{ speaker: '503', score: 75 }] },
];

export const handResult = defineOwnedCommand({
  name: 'match.result',
  route: 'POST /api/match/:match_id/result',
  summary: "Hand in the sheets of a match's judges, to be sent to the tournament software that it came from",
  who: ADMINS,
  feature: 'FEED_RESULTS_BACK',
  within: null,
  ownerOf: ({ db, input }) => ownerOfMatch(db, String(input.match_id)),
  // What is public is seen by others, too.
  admits: ({ role, institution_id }, _, { owner }) => role === 'super_admin' || institution_id === owner,
  body: resultBody,
  fractions: true,
  example: { sheets: [{ adjudicator: '301', teams: EXAMPLE_TEAMS }], confirm: true },
  faults: sheetFaults,
  locks: ({ match_id }) => [theMatch(match_id)],
  facts: origins,
  decide({ match: { waiting } }, { id, input, now }, origin) {
    if (!origin) return reject('not_found', 'The match is no more.');
    const { provider, feed_id, round, is_enabled, goes_to: match_id } = origin;
    if (!TAKES_RESULTS.includes(provider) || feed_id === null || round === null) {
      return match_id === null
        ? reject('no_results_back', 'The match did not come from software that takes results.', { provider })
        : reject('no_results_back', `Its results go back by the match ${match_id}.`, { provider, match_id });
    }
    if (!is_enabled) return reject('feed_disabled', 'The feed of this match is switched off.');
    if (waiting && Date.parse(now) - Date.parse(waiting.handed_at) < SETTLED_WITHIN_MS) {
      return reject('result_waits', 'What was handed in before is not settled yet.', { result_id: waiting.id });
    }
    return [resultHanded({ result_id: id, feed_id, hash: hashOfResult(input), confirm: input.confirm })];
  },
  writes(_, { id, input: { match_id, sheets, confirm }, now }, origin) {
    const { institution_id, feed_id, provider_id, round } = origin!;
    const place = { match_id, institution_id, feed_id, provider_id, round };
    const handed = { hash: hashOfResult({ sheets, confirm }), confirm, sheets, handed_at: now };
    return [insert('match_results', { id }, { ...place, ...handed, state: 'waiting', due_at: now, attempts: 0 })];
  },
  keeps: ({ match_id, confirm, owner }) => ({ match_id, confirm, owner }),
  resource: resultAnswer,
  result: (_, { id, input: { match_id, sheets, confirm }, now }) => ({
    ...{ id, match_id, hash: hashOfResult({ sheets, confirm }), confirm, state: 'waiting' as const },
    ...{ ballot_id: null, why: null, handed_at: now, settled_at: null },
  }),
  records: [resultHanded],
  rejects: ['not_found', 'no_results_back', 'feed_disabled', 'result_waits'],
});

/** Row security leaves the matches that the sender may see. */
async function ownerOfMatch(db: Queryable, match_id: string): Promise<string | undefined> {
  if (!isUuid(match_id)) return undefined;
  const read = {
    name: 'find-owner-of-match',
    text: 'select institution_id from matches where id = $1',
    values: [match_id],
  };
  return (await db.query<{ institution_id: string }>(read)).rows[0]?.institution_id;
}
