/** `plearoll job`, as a shell has it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { job as jobCommand } from '../../jobs/runJob.ts';
import { onDemand, timetable } from '../../jobs/schedule.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { entryOf } from '../support/processes.ts';
import { openTerminal } from '../support/terminal.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

async function job(args: string[], env: Record<string, string> = { DATABASE_URL: database.url }) {
  const terminal = openTerminal({ LOG_LEVEL: 'error', ...env });
  const code = await jobCommand.run(args, terminal);
  return { code, stdout: terminal.said(), stderr: terminal.complained() };
}

test('without a name it lists the jobs', async () => {
  const { code, stdout } = await job([], {});
  expect(code).toBe(0);
  expect(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ')[0]),
  ).toEqual([...timetable, ...onDemand].map((line) => line.job.name));
});

test('with one it runs it and prints what it did, and nothing else', async () => {
  const { PATH = '' } = process.env;
  const env = { PATH, LOG_LEVEL: 'error', DATABASE_URL: database.url };
  const command = [await entryOf('src/cli/plearoll.js'), 'job', 'prune.commands'];
  expect(await promisify(execFile)(process.execPath, command, { env })).toEqual({
    stdout: '{"removed":0}\n',
    stderr: '',
  });
  expect((await job(['verify.everything'])).stdout).toContain('"streams_invalid":0');
  const { rows } = await database.pool.query('select name, term, status from schedule_ticks order by slot');
  expect(rows).toEqual([
    { name: 'prune.commands', term: null, status: 'succeeded' },
    { name: 'verify.everything', term: null, status: 'succeeded' },
  ]);
});

test('a task that is documented elsewhere has the name that it has there', async () => {
  expect(await job(['cleanup_cache'])).toEqual({ code: 0, stdout: '{"before":0,"after":0,"removed":0}\n', stderr: '' });
});

test('one without what it needs says so, and is done', async () => {
  const env = { DATABASE_URL: database.url, REDIS_URL: 'redis://127.0.0.1:1', LOG_LEVEL: 'silent' };
  const { code, stdout } = await job(['cleanup_cache'], env);
  expect([code, stdout]).toEqual([0, '{"skipped":"the cache does not answer"}\n']);
});

test('while another run is under way it does not', async () => {
  await database.pool.query(
    `insert into schedule_ticks (name, slot, id, queue, status, run, due_at)
     values ('sweep.expired', now(), gen_random_uuid(), 'maintenance', 'running', gen_random_uuid(), now() + interval '1 minute')`,
  );
  expect(await job(['sweep.expired'])).toMatchObject({ code: 1, stderr: expect.stringContaining('under way') });
});

test('one that fails says why, also by the name it had before', async () => {
  await database.pool.query('revoke insert on health_reports from plearoll_worker');
  expect(await job(['report.health'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('permission denied'),
  });
});

test.each([[['brew.coffee']], [['prune.commands', 'twice']], [['prune.commands', '{"days":1}']]])(
  '%j is no job',
  async (args) => {
    expect(await job(args)).toMatchObject({ code: 3, stderr: expect.stringContaining('usage:') });
  },
);
