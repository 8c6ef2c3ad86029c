/**
 * `npm run -s job -- <name>` runs a timed job by hand, now and here, and prints what it did; without a name it lists
 * them. Exit code 0: done; 1: it failed, or another run of it is under way; 3: there is no such job.
 */

import { demandSchema } from '../src/infra/postgres/schema.ts';
import { withDatabase } from '../src/infra/postgres/withDatabase.ts';
import { openBackbone } from '../src/infra/process/backbone.ts';
import { type Config, ConfigError, readConfig } from '../src/infra/process/config.ts';
import { catalog, privateNames } from '../src/modules.ts';
import { timetable } from './schedule.ts';
import { createTickRunner } from './ticks/tickRunner.ts';

const POOL_SIZE = 3;

const [name, ...rest] = process.argv.slice(2);
process.exitCode = await main().catch((error: Error) => {
  console.error(error instanceof ConfigError ? error.message : `The job could not be run: ${error.message}`);
  return 1;
});

async function main(): Promise<number> {
  if (name === undefined) {
    for (const { job, cron } of timetable) console.log(`${job.name.padEnd(20)} ${cron.padEnd(14)} ${job.summary}`);
    return 0;
  }
  if (rest.length > 0 || !timetable.some(({ job }) => job.name === name)) {
    console.error(`usage: npm run -s job -- <${timetable.map(({ job }) => job.name).join('|')}>`);
    return 3;
  }
  const config = readConfig(process.env, 'all', false);
  return withDatabase(config, true, async (url) => {
    await demandSchema(url, 'worker', config.DB_ROLE_PREFIX);
    return runOn(config, url, name);
  });
}

async function runOn(config: Config, databaseUrl: string, name: string): Promise<number> {
  const backbone = await openBackbone(config, databaseUrl, 'job', privateNames);
  const pool = backbone.openPool('worker', POOL_SIZE);
  const verifierPool = backbone.openPool('verifier', POOL_SIZE);
  try {
    const runner = createTickRunner({ backbone, pool, verifierPool, catalog, timetable });
    const ending = await runner.runByHand(name);
    if (ending?.status === 'succeeded') {
      console.log(JSON.stringify(ending.result));
      return 0;
    }
    console.error(ending?.status === 'failed' ? ending.error : `Another run of ${name} is under way.`);
    return 1;
  } finally {
    await Promise.all([pool.end(), verifierPool.end()]);
    await backbone.close();
  }
}
