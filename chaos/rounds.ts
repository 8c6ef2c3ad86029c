/** Round after round: fresh sessions, load, one blow drawn from the seed, recovery, and everything checked. */
import { availableParallelism } from 'node:os';
import { openPool } from '../src/infra/postgres/database.ts';
import { verifyRecord } from '../src/integrity/verifyRecord.ts';
import { catalog } from '../src/modules.ts';
import { SECRET } from '../test/support/secret.ts';
import { type Arena, openArena } from './arena.ts';
import type { Blow, Fault } from './blow.ts';
import { type Dice, faultOf, rollDice } from './dice.ts';
import { type Fleet, sinkIn, startFleet } from './fleet.ts';
import { type History, judge } from './judge.ts';
import { judgeLog } from './judgeLog.ts';
import { lateness } from './lateness.ts';
import { keepHistory, type RoundResult, tableOf } from './report.ts';
import { readLog } from './sealed.ts';
import { closeStage, openStage, recover, type Stage } from './stage.ts';
import { findStrayTicks, readStored } from './stored.ts';

/** Of the log: one that is broken is broken in many places. */
const MOST_TOLD = 20;

export interface RoundsOptions {
  seed: number;
  /** No round begins after this. */
  most_ms: number;
  most_rounds: number;
  faults: Fault[];
  /** Accepted commands must have reached their outcome within this time. */
  recover_within_ms: number;
  /** On a Redis Cluster. */
  isCluster: boolean;
  signal: AbortSignal;
}

interface Played {
  result: RoundResult;
  history: History;
}

/** @returns true when no promise was broken */
export async function runRounds(options: RoundsOptions): Promise<boolean> {
  const { seed, most_ms, most_rounds, faults, recover_within_ms, signal } = options;
  console.log(`seed ${seed}, Node ${process.version}, ${availableParallelism()} cores`);
  const arena = await openArena({ isCluster: options.isCluster });
  const results: RoundResult[] = [];
  let fleet: Fleet | undefined;
  try {
    const env = { DATABASE_URL: arena.url, REDIS_URL: arena.redisUrl, JWT_SECRET: SECRET };
    const { postgres, redis } = arena.relayWires;
    const relaysRedis = arena.cluster ? arena.redisUrl : redis.urlOf(arena.redisUrl);
    const ofRelays = { DATABASE_URL: postgres.urlOf(arena.url), REDIS_URL: relaysRedis };
    fleet = await startFleet(env, arena.folder, { ofRelays });
    const began = performance.now();
    for (let round = 0; round < most_rounds && performance.now() - began < most_ms && !signal.aborted; round += 1) {
      const fault = faultOf(faults, seed, round);
      const played = await playRound(arena, fleet, fault, rollDice(seed, round));
      played.result.violations.push(...lateness(played.result, recover_within_ms, fault.told_within_ms));
      results.push(played.result);
      await tellRound(played, fleet, seed, round);
    }
    return await conclude(arena, results);
  } finally {
    await fleet?.stop();
    await arena.stop();
  }
}

/** Says how a round went, and keeps all of it where it broke a promise. */
export async function tellRound({ result, history }: Played, fleet: Fleet, seed: number, round: number): Promise<void> {
  console.log(lineOf(round, result));
  if (result.violations.length > 0) await keepHistory(result, { seed, round, ...result, history, logs: fleet.logs() });
}

/** Verifies the record, and says how all rounds went. @returns true when no promise was broken */
export async function conclude({ url }: Arena, results: RoundResult[]): Promise<boolean> {
  const unverified = await verifyAll(url);
  for (const line of unverified) console.log(`VIOLATION: ${line}`);
  console.log(`\n${tableOf(results)}`);
  return unverified.length === 0 && results.every(({ violations }) => violations.length === 0);
}

export async function playRound(arena: Arena, fleet: Fleet, fault: Fault, dice: Dice): Promise<Played> {
  await fleet.whole();
  const stage = await openStage(arena, fleet);
  const violations: string[] = [];
  let recovery = { settled_ms: Number.NaN, told_ms: Number.NaN };
  let blow: Blow | undefined;
  try {
    await stage.producers.answered(dice.between(40, 120));
    blow = await fault.strike(stage, dice);
    recovery = await recover(stage, blow.struck_ms);
    await blow.mend?.();
    await stage.producers.answered(40);
  } catch (error) {
    violations.push(`it did not recover: ${(error as Error).message}`);
    await blow?.mend?.();
  }
  const { history, found } = await judgeStage(stage, fault);
  const unwell = (error: Error) => [`it could not be looked at: ${error.message}`];
  violations.push(...found, ...((await blow?.look?.().catch(unwell)) ?? []));
  const { id, what } = fault;
  return { result: { fault: id, what, commands: history.sent.length, ...recovery, violations }, history };
}

/** Ends the load and checks everything. */
async function judgeStage(stage: Stage, { metOlder = false }: Fault): Promise<{ history: History; found: string[] }> {
  const found: string[] = [];
  await closeStage(stage).catch((error: Error) => found.push(`it did not come to rest: ${error.message}`));
  const history = { sent: stage.sender.sent, heard: stage.listeners.heard, metOlder };
  const streams = stage.sessions.map((id) => `session:${id}`);
  const { pool, folder } = stage.arena;
  found.push(...judge(history, await readStored(pool, streams)), ...(await findStrayTicks(pool)));
  found.push(...judgeLog(await readLog(pool, sinkIn(folder))).slice(0, MOST_TOLD));
  return { history, found };
}

/** What our own verification finds in all of the record. */
export async function verifyAll(url: string): Promise<string[]> {
  const pool = openPool(url, 'verifier', 1, () => {});
  try {
    const report = await verifyRecord(pool as never, catalog, { institution_id: null });
    const { invalid_sessions, invalid_streams, guard_issues, command_issues, log_issues } = report;
    const found = [...invalid_sessions, ...invalid_streams, ...guard_issues, ...command_issues, ...log_issues];
    return found.map((one) => JSON.stringify(one));
  } finally {
    await pool.end();
  }
}

function lineOf(round: number, { fault, commands, settled_ms, told_ms, violations }: RoundResult): string {
  const fate = violations.length === 0 ? 'nothing lost' : violations.map((line) => `\n  VIOLATION: ${line}`).join('');
  return `${round}: ${fault}, ${commands} commands, recovered in ${settled_ms} ms, listeners in ${told_ms} ms: ${fate}`;
}
