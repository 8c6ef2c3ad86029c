/** `plearoll job`, as a shell has it. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timetable } from '../../jobs/schedule.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { entryOf } from '../support/processes.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

async function job(args: string[], env: Record<string, string> = { DATABASE_URL: database.url }) {
  const { PATH = '' } = process.env;
  const entry = await entryOf('src/cli/plearoll.js');
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [entry, 'job', ...args],
      { env: { PATH, LOG_LEVEL: 'error', ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('without a name it lists the jobs', async () => {
  const { code, stdout } = await job([], {});
  expect(code).toBe(0);
  expect(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ')[0]),
  ).toEqual(timetable.map((line) => line.job.name));
});

test('with one it runs it and prints what it did', async () => {
  expect(await job(['prune.commands'])).toEqual({ code: 0, stdout: '{"removed":0}\n', stderr: '' });
  expect((await job(['verify.everything'])).stdout).toContain('"streams_invalid":0');
  const { rows } = await database.pool.query('select name, term, status from schedule_ticks order by slot');
  expect(rows).toEqual([
    { name: 'prune.commands', term: null, status: 'succeeded' },
    { name: 'verify.everything', term: null, status: 'succeeded' },
  ]);
});

test('while another run is under way it does not', async () => {
  await database.pool.query(
    `insert into schedule_ticks (name, slot, id, queue, status, run, due_at)
     values ('sweep.expired', now(), gen_random_uuid(), 'maintenance', 'running', gen_random_uuid(), now() + interval '1 minute')`,
  );
  expect(await job(['sweep.expired'])).toMatchObject({ code: 1, stderr: expect.stringContaining('under way') });
});

test('one that fails says why', async () => {
  await database.pool.query('revoke insert on health_reports from plearoll_worker');
  expect(await job(['report.health'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('permission denied'),
  });
});

test.each([[['brew.coffee']], [['prune.commands', 'twice']]])('%j is no job', async (args) => {
  expect(await job(args)).toMatchObject({ code: 3, stderr: expect.stringContaining('usage:') });
});
