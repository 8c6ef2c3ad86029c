/**
 * The arithmetic of risk on 200 synthetic people, who are no people: how long a check takes with a model at hand, by itself and
 * over a million batches in a database, and which scores the own sessions and those of others get. What it finds says nothing of how often a score is right with real people.
 */
import { pointsOf } from '../src/behaviour/behaviour.ts';
import { featuresOf } from '../src/behaviour/features/features.ts';
import { type Baseline, baselineOf } from '../src/behaviour/risk/baseline.ts';
import { assessRisk } from '../src/behaviour/risk/risk.ts';
import { type SyntheticPerson, syntheticPerson, syntheticSession } from '../test/support/syntheticPeople.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, table } from './report.ts';
import { measureStored } from './riskStored.ts';

const PEOPLE = 200;
const SESSIONS = 14;
const CHECKS_OF_EACH = 10;
const MOST_P99_MS = 5;
const MOST_CPU_MS = 200;
const SMOKE_ROWS = 10_000;
const AT = '2026-09-24T12:00:00.000Z';

export async function benchRisk({ smoke }: Pick<BenchOptions, 'smoke'>): Promise<void> {
  console.log(
    `${PEOPLE} SYNTHETIC people with ${SESSIONS} sessions each: made-up numbers, which check the arithmetic alone.`,
  );
  const people = Array.from({ length: PEOPLE }, (_, i) => syntheticPerson(i));
  const baselines = people.map(baselineFor);
  const took_ms: number[] = [];
  const own: number[] = [];
  const others: number[] = [];
  for (let n = 0; n < CHECKS_OF_EACH; n++) {
    for (const [i, baseline] of baselines.entries()) {
      own.push(check(baseline, people[i]!, SESSIONS + n, took_ms));
      others.push(check(baseline, people[(i + 1 + n) % PEOPLE]!, SESSIONS + n, took_ms));
    }
  }
  const p99_ms = at(took_ms, 0.99);
  const found = { synthetic: true, people: PEOPLE, checks: took_ms.length, p99_ms };
  const rows = Object.entries({ 'own sessions (synthetic)': own, "others' sessions (synthetic)": others }).map(
    ([what, scores]) => [what, at(scores, 0.5), at(scores, 0.95), share(scores, 31), share(scores, 61)],
  );
  console.log(`\n${table(['scores', 'median', 'p95', '31 or more', '61 or more'], rows)}`);
  console.log(
    `\na check with a model at hand, p99 under ${MOST_P99_MS} ms: ${p99_ms.toFixed(2)} ms, ${p99_ms < MOST_P99_MS ? 'reached' : 'NOT REACHED'}`,
  );
  const stored = await measureStored(people, baselines, ...(smoke ? [SMOKE_ROWS] : []));
  const verdict = (isReached: boolean) => (isReached ? 'reached' : 'NOT REACHED');
  const { monitor_cpu_ms, first_cpu_ms, check_p99_ms, bare_p99_ms, walks } = stored;
  console.log(
    [
      `a check_session_risk with a cached model, database included, p99 under ${MOST_P99_MS} ms: ${check_p99_ms.toFixed(2)} ms, ${verdict(check_p99_ms < MOST_P99_MS)}; as many statements that do nothing: ${bare_p99_ms.toFixed(2)} ms`,
      `${PEOPLE} login sessions monitored, each with a new batch, by a worker that is warm, processor time of the worker under ${MOST_CPU_MS} ms: ${monitor_cpu_ms.toFixed(0)} ms, ${verdict(monitor_cpu_ms < MOST_CPU_MS)}; the first look of a process: ${first_cpu_ms.toFixed(0)} ms`,
      `statements that walk through a table of telemetry, none: ${walks.join(', ') || 'none'}, ${verdict(walks.length === 0)}`,
    ].join('\n'),
  );
  if (!smoke) await keepResults('risk', { ...found, stored, own: { scores: own }, others: { scores: others } });
}

function baselineFor(person: SyntheticPerson): Baseline {
  return baselineOf(Array.from({ length: SESSIONS }, (_, n) => featuresOf(syntheticSession(person, n))))!;
}

/** All that a check takes but for reading from the database: features, and the score. */
function check(baseline: Baseline, person: SyntheticPerson, number: number, took_ms: number[]): number {
  const behaviour = syntheticSession(person, number);
  const began = performance.now();
  const observed = { vector: featuresOf(behaviour), points: pointsOf(behaviour), at: AT, zone: 'UTC' };
  const { score } = assessRisk(baseline, { ...observed, lasted_ms: 600_000, auto_terminate: false });
  took_ms.push(performance.now() - began);
  return score!;
}

function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function share(scores: readonly number[], least: number): string {
  return `${Math.round((100 * scores.filter((score) => score >= least).length) / scores.length)} %`;
}
