/** `plearoll job <name>` runs a timed job by hand, now and here, and prints what it did; without a name it lists them. */

import { demandSchema } from '../src/infra/postgres/schema.ts';
import { withDatabase } from '../src/infra/postgres/withDatabase.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { type Config, ConfigError, readConfig } from '../src/infra/process/config.ts';
import { defineSubcommand, type Terminal, UsageError } from '../src/infra/process/subcommand.ts';
import { timings } from '../src/infra/timings.ts';
import { catalog, privateNames } from '../src/modules.ts';
import { timetable } from './schedule.ts';
import { createTickRunner } from './ticks/tickRunner.ts';

const POOL_SIZE = 3;

export const job = defineSubcommand({
  name: 'job',
  summary: 'Runs a timed job here and now and prints what it did; without a name it lists the jobs.',
  takes: ['[name]'],
  exits: { 0: 'done', 1: 'it failed, or another run of it is under way', 3: 'usage' },
  async run(_, [name], terminal) {
    if (name === undefined) {
      const lines = timetable.map(({ job, cron }) => `${job.name.padEnd(20)} ${cron.padEnd(14)} ${job.summary}\n`);
      terminal.out.write(lines.join(''));
      return 0;
    }
    const names = timetable.map(({ job }) => job.name);
    if (!names.includes(name)) throw new UsageError(`${name} is no job: there are ${names.join(', ')}`);
    return runJob(name, terminal).catch((error: Error) => {
      const told = error instanceof ConfigError ? error.message : `The job could not be run: ${error.message}`;
      terminal.err.write(`${told}\n`);
      return 1;
    });
  },
});

function runJob(name: string, terminal: Terminal): Promise<number> {
  const config = readConfig(terminal.env, 'all', false);
  return withDatabase(config, true, async (url) => {
    await demandSchema(url, 'worker', config.DB_ROLE_PREFIX);
    return runOn(config, url, name, terminal);
  });
}

async function runOn(config: Config, databaseUrl: string, name: string, { out, err }: Terminal): Promise<number> {
  const backbone = await openBackbone(config, databaseUrl, 'job', privateNames);
  const pool = backbone.openPool('worker', POOL_SIZE);
  const verifierPool = backbone.openPool('verifier', POOL_SIZE, timings.postgres.verify_within_ms);
  try {
    const runner = createTickRunner({ backbone, pool, verifierPool, catalog, timetable });
    const ending = await runner.runByHand(name);
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
