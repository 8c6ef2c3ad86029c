/**
 * Does a run: asks the site, plans, and sends the commands of the plan as the admin who asked. The admin and
 * the feed are looked at again when it runs.
 */
import type pg from 'pg';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import { problemBody } from '../../src/core/definitions/problem.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { type Feed, findFeed } from '../../src/feeds/feed.ts';
import { reject } from '../../src/feeds/feedProblems.ts';
import { answerOf, type PlanAnswer, planHash, type SyncAnswer } from '../../src/feeds/imports/answer.ts';
import { numbered } from '../../src/feeds/imports/conflicts.ts';
import { peopleOf, readUsers } from '../../src/feeds/imports/people.ts';
import type { Plan } from '../../src/feeds/imports/plan.ts';
import { planRounds, planVisibility } from '../../src/feeds/imports/planRounds.ts';
import { readKnown } from '../../src/feeds/imports/readKnown.ts';
import type { RunInput } from '../../src/feeds/imports/run.ts';
import type { Availabilities, Round, Schedule } from '../../src/feeds/providers/provider.ts';
import { type Frozen, freeze, keepApplied, sendsOf } from './importFrozen.ts';
import type { RunClaim, RunEnding } from './importLedger.ts';
import { type Outcomes, type Sending, sendAll } from './importSend.ts';
import { endedSince } from './runEnded.ts';

/** What it takes to ask the site of a feed. @throws OutboundError */
export type FetchSchedule = (feed: Feed, round?: number) => Promise<Schedule>;

export interface Importing extends Omit<Sending, 'db' | 'goOn'> {
  pool: pg.Pool;
  fetchSchedule: FetchSchedule;
  /** @returns nothing where its site does not say who may be drawn. @throws OutboundError */
  fetchAvailabilities(feed: Feed, round: number): Promise<Availabilities | undefined>;
  /** Is told of what was read there; `isWhole` where that is all that there is. */
  onSchedule?: (feed: Feed, schedule: Schedule, asked_ms: number, isWhole: boolean) => Promise<void>;
  /** Is told of the moments at which a test may end the process. */
  reach?: (point: 'planned' | 'sent' | 'settled') => Promise<void> | void;
}

type Ending = Extract<RunEnding, { state: 'done' | 'refused' }>;
type Refused = Extract<Ending, { state: 'refused' }>;

const refused = (code: Parameters<typeof reject>[0], detail: string, extra?: object) => ({
  state: 'refused' as const,
  problem: reject(code, detail, extra).problem,
});

/** @param goOn throws where the run is not ours any more */
export async function importRound(importing: Importing, claim: RunClaim, goOn: () => void): Promise<Ending> {
  const { pool } = importing;
  const feed = await findFeed(pool, claim.feed_id);
  if (!feed) return refused('not_found', 'The feed was removed.');
  if (feed.state !== 'enabled') return refused('feed_disabled', 'The feed is switched off.');
  const ended = await endedSince(pool, claim, feed);
  if (ended) return refused('forbidden', ended);
  const before = claim.orders as Frozen | null;
  if (before) return carryOut(importing, claim, feed, before, goOn);
  try {
    return await planAndDo(importing, claim, feed, goOn);
  } catch (fault) {
    if (!(fault instanceof OutboundError)) throw fault;
    const extra = {
      why: fault.code,
      ...(fault.retry_after_ms !== undefined && { retry_after_ms: fault.retry_after_ms }),
    };
    return fault.code === 'breaker_open'
      ? refused('breaker_open', `${capital(fault.message)}.`, extra)
      : refused('provider_failed', `${capital(fault.message)}.`, extra);
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

async function planAndDo(importing: Importing, claim: RunClaim, feed: Feed, goOn: () => void): Promise<Ending> {
  if (claim.kind === 'sync') return sync(importing, claim, feed, goOn);
  const asked_ms = Date.parse(await readClock(importing.pool));
  const { rounds, terms } = await roundsOf(importing, claim, feed);
  const refusal = refusalOf(rounds, claim);
  if (refusal) return takenBack(importing, claim, feed, rounds, refusal, goOn);
  const { pool } = importing;
  const debates = rounds.flatMap((round) => round.debates.map(({ id }) => id));
  const seqs = rounds.map(({ seq }) => seq);
  const known = await readKnown(pool, feed.id, seqs, debates);
  const userOf = await readUsers(pool, feed.id);
  const plan = planRounds(rounds, known, { terms, visibility: feed.visibility, userOf });
  const conflicts = await numbered(pool, feed.id, plan.conflicts);
  const { dry_run, plan: confirmed } = claim.input as unknown as RunInput['import'];
  const answer = answerOf(plan, conflicts, dry_run);
  if (dry_run) return { state: 'done', answer: answer as unknown as JsonObject };
  const hash = planHash(plan);
  if (confirmed === undefined ? plan.asks.length > 0 : confirmed !== hash) {
    const detail = confirmed === undefined ? ASKS : 'What would be done is no longer what that plan said.';
    return refused('confirm_plan', detail, { plan: hash, asks: plan.asks });
  }
  const looked = [...debates, ...known.filter(({ round }) => seqs.includes(round)).map(({ debate }) => debate)];
  const { sends, mapped } = sendsOf(plan, feed.institution_id);
  const frozen: Frozen = { answer: withIds(answer, sends) as unknown as JsonObject, sends };
  goOn();
  await freeze(pool, claim, frozen, { people: peopleOf(rounds), mapped, conflicts, debates: looked });
  // The visibility of its matches follows from what was asked for.
  if (claim.kind === 'import') await importing.onSchedule?.(feed, { rounds, unchanged: false }, asked_ms, false);
  await importing.reach?.('planned');
  return carryOut(importing, claim, feed, frozen, goOn);
}

/** What was brought in of a draw that is not released any more is private, whatever was asked for. */
async function takenBack(
  importing: Importing,
  claim: RunClaim,
  feed: Feed,
  rounds: readonly Round[],
  refusal: Refused,
  goOn: () => void,
): Promise<Ending> {
  if (claim.input.dry_run === true) return refusal;
  const seqs = rounds.map(({ seq }) => seq);
  const plan = planVisibility(rounds, await readKnown(importing.pool, feed.id, seqs, []));
  if (plan.orders.length === 0) return refusal;
  const { sends } = sendsOf(plan, feed.institution_id);
  const answer = { change: plan.change, left: plan.left } as unknown as JsonObject;
  const frozen: Frozen = { answer, sends, problem: refusal.problem };
  goOn();
  await freeze(importing.pool, claim, frozen, { people: [], mapped: [], conflicts: [], debates: [] });
  return carryOut(importing, claim, feed, frozen, goOn);
}

const ASKS = 'It cancels matches, touches a session that is under way, or changes more than a fifth of the round.';

async function roundsOf({ fetchSchedule }: Importing, { kind, input }: RunClaim, feed: Feed) {
  if (kind === 'upload') return { rounds: (input as unknown as RunInput['upload']).rounds, terms: {} };
  const { round, ...terms } = input as unknown as RunInput['import'];
  const { rounds } = await fetchSchedule(feed, round);
  return { rounds: rounds.filter(({ seq }) => seq === round), terms };
}

function refusalOf(rounds: readonly Round[], { kind, input }: RunClaim): Refused | undefined {
  if (kind === 'upload') return undefined;
  const [round] = rounds;
  if (!round) {
    const errors = [{ pointer: '/round', detail: 'there is no such round' }];
    return {
      state: 'refused',
      problem: problemBody('validation_failed', 'There is no such round.', { errors, more: 0 }),
    };
  }
  const { draw_status } = round;
  if (draw_status === 'R' || (draw_status === 'C' && input.unreleased === true)) return undefined;
  return refused('draw_not_released', 'The draw of this round is not released.', { draw_status });
}

function withIds(answer: PlanAnswer, sends: Frozen['sends']): PlanAnswer {
  const ids = new Map(
    sends.filter(({ name }) => name === 'assignment.create').map((one) => [one.debate, one.assignment_id]),
  );
  return { ...answer, create: answer.create.map((one) => ({ ...one, assignment_id: ids.get(one.debate) ?? null })) };
}

async function carryOut(
  { pool, inbox, catalog, queues, log, reach }: Importing,
  claim: RunClaim,
  feed: Feed,
  { answer, sends, problem }: Frozen,
  goOn: () => void,
): Promise<Ending> {
  const sending: Sending = { db: pool, inbox, catalog, queues, log, goOn };
  const outcomes = await sendAll(sending, claim, feed.institution_id, sends, async (batch, settled) => {
    await reach?.('sent');
    const applied = batch.filter(({ id }) => settled.get(id) === undefined);
    await keepApplied(pool, feed.id, applied);
    await reach?.('settled');
  });
  if (problem) return { state: 'refused', problem };
  const after = afterOutcomes(answer as unknown as Planned, sends, outcomes);
  if (claim.kind !== 'sync') await storeUnresolved(pool, feed.id, after.left.length);
  return { state: 'done', answer: after as unknown as JsonObject };
}

/** What the answers of an import and of a sync have in common. */
type Planned = Pick<PlanAnswer, 'change' | 'left'> & Partial<Pick<PlanAnswer, 'create' | 'cancel'>>;

/** What was not applied after all is left. */
function afterOutcomes(answer: Planned, sends: Frozen['sends'], outcomes: Outcomes): Planned {
  const failed = new Map(
    sends.flatMap(({ id, debate }) => {
      const why = outcomes.get(id);
      return why === undefined ? [] : [[debate, why] as const];
    }),
  );
  const isDone = ({ debate }: { debate: string }) => !failed.has(debate);
  const { create, change, cancel } = answer;
  return {
    ...answer,
    change: change.filter(isDone),
    ...(create && { create: create.filter(isDone) }),
    ...(cancel && { cancel: cancel.filter(isDone) }),
    left: [...answer.left, ...[...failed].map(([debate, why]) => ({ debate, why }))],
  };
}

async function storeUnresolved(db: Queryable, feed_id: string, unresolved: number): Promise<void> {
  await db.query(
    `insert into feed_states (feed_id, unresolved) values ($1, $2)
     on conflict (feed_id) do update set unresolved = excluded.unresolved`,
    [feed_id, unresolved],
  );
}

/** People and matches of all rounds as they are there, without a match being made or changed but in who may see it. */
async function sync(importing: Importing, claim: RunClaim, feed: Feed, goOn: () => void): Promise<Ending> {
  const { pool, fetchSchedule, onSchedule } = importing;
  const asked_ms = Date.parse(await readClock(pool));
  const available = await availableIn(importing, feed, (claim.input as RunInput['sync']).availabilities);
  if ('state' in available) return available;
  const schedule = await fetchSchedule(feed);
  const { rounds } = schedule;
  const known = await readKnown(
    pool,
    feed.id,
    rounds.map(({ seq }) => seq),
    [],
  );
  const plan: Plan = planVisibility(rounds, known);
  const people = peopleOf(rounds);
  const { sends } = sendsOf(plan, feed.institution_id);
  const debates = rounds.reduce((sum, round) => sum + round.debates.length, 0);
  const last_sync = await readClock(pool);
  const counts = { rounds: rounds.length, debates, people: people.length };
  const answer = { ...counts, change: plan.change, left: plan.left, last_sync, ...available };
  goOn();
  await freeze(
    pool,
    claim,
    { answer: answer as JsonObject, sends },
    { people, mapped: [], conflicts: [], debates: [] },
  );
  await onSchedule?.(feed, schedule, asked_ms, true);
  await pool.query(
    `insert into feed_states (feed_id, last_sync) values ($1, $2)
     on conflict (feed_id) do update set last_sync = excluded.last_sync`,
    [feed.id, last_sync],
  );
  return carryOut(importing, claim, feed, { answer: answer as JsonObject, sends }, goOn);
}

async function availableIn(
  { fetchAvailabilities }: Importing,
  feed: Feed,
  round: number | undefined,
): Promise<Pick<SyncAnswer, 'availabilities'> | Refused> {
  if (round === undefined) return {};
  const found = await fetchAvailabilities(feed, round);
  if (found) return { availabilities: { round, ...found } };
  const errors = [{ pointer: '/availabilities', detail: `is not for ${feed.provider}` }];
  const extra = { errors, more: 0 };
  const problem = problemBody('validation_failed', 'That site does not say who may be drawn.', extra);
  return { state: 'refused', problem };
}
