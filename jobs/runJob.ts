/**
 * `plearoll job <name> [json]` runs a timed job or a task by hand, now and here, and prints what it did as one line of JSON, the
 * last; without a name it lists them.
 */

import type { JsonObject } from '../src/core/definitions/event.ts';
import { demandSchema } from '../src/infra/postgres/schema.ts';
import { withDatabase } from '../src/infra/postgres/withDatabase.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { type Config, ConfigError, readConfig } from '../src/infra/process/config.ts';
import { defineSubcommand, type Terminal, UsageError } from '../src/infra/process/subcommand.ts';
import { timings } from '../src/infra/timings.ts';
import { catalog, privateNames } from '../src/modules.ts';
import { onDemand, type Task, timetable } from './schedule.ts';
import { createTickRunner } from './ticks/tickRunner.ts';

const POOL_SIZE = 3;
const ALL: readonly Task[] = [...timetable, ...onDemand];

export const job = defineSubcommand({
  name: 'job',
  summary: 'Runs a timed job here and now and prints what it did; without a name it lists the jobs.',
  takes: ['[name]', '[json]'],
  notes:
    'What some tasks must be told is an object in JSON. A task without what it needs says {"skipped":"<why>"} and is done.',
  exits: { 0: 'done', 1: 'it failed, or another run of it is under way', 3: 'usage' },
  async run(_, [name, json], terminal) {
    if (name === undefined) {
      const due = new Map(timetable.map(({ job, cron }) => [job.name, cron]));
      const lines = ALL.map(({ job: { name, summary } }) => [
        name.padEnd(30),
        (due.get(name) ?? '-').padEnd(14),
        summary,
      ]);
      terminal.out.write(lines.map((line) => `${line.join(' ')}\n`).join(''));
      return 0;
    }
    const found = ALL.find(({ job }) => job.name === name || job.formerly === name);
    if (!found) throw new UsageError(`${name} is no job: there are ${ALL.map(({ job }) => job.name).join(', ')}`);
    const input = inputOf(found, json);
    return runJob(found.job.name, input, terminal).catch((error: Error) => {
      const told = error instanceof ConfigError ? error.message : `The job could not be run: ${error.message}`;
      terminal.err.write(`${told}\n`);
      return 1;
    });
  },
});

/** @throws {UsageError} where it is not what the job takes */
function inputOf({ job: { name, input } }: Task, json = '{}'): JsonObject {
  if (!input) {
    if (json !== '{}') throw new UsageError(`${name} is told nothing`);
    return {};
  }
  let told: unknown;
  try {
    told = JSON.parse(json);
  } catch {
    throw new UsageError(`${json} is no JSON`);
  }
  const parsed = input.safeParse(told);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${name}: ${[issue!.path.join('.'), issue!.message].filter(Boolean).join(': ')}`);
}

function runJob(name: string, input: JsonObject, terminal: Terminal): Promise<number> {
  const config = readConfig(terminal.env, 'all', false);
  return withDatabase(config, true, async (url) => {
    await demandSchema(url, 'worker', config.DB_ROLE_PREFIX);
    return runOn(config, url, { name, input }, terminal);
  });
}

interface Asked {
  name: string;
  input: JsonObject;
}

async function runOn(config: Config, url: string, { name, input }: Asked, { out, err }: Terminal): Promise<number> {
  const backbone = await openBackbone(config, url, 'job', privateNames);
  const pool = backbone.openPool('worker', POOL_SIZE);
  const verifierPool = backbone.openPool('verifier', POOL_SIZE, timings.postgres.verify_within_ms);
  try {
    const runner = createTickRunner({ backbone, pool, verifierPool, catalog, timetable, onDemand });
    const ending = await runner.runByHand(name, input);
    if (ending?.status === 'succeeded') {
      out.write(`${JSON.stringify(ending.result)}\n`);
      return 0;
    }
    err.write(`${ending?.status === 'failed' ? ending.error : `Another run of ${name} is under way.`}\n`);
    return 1;
  } finally {
    await Promise.all([pool.end(), verifierPool.end()]);
    await backbone.close();
  }
}
