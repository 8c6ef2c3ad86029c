/** Findings are kept whatever order looks come in, and whatever becomes of their announcement. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepFindings } from '../../jobs/verify/storeFindings.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const at = (minute: number) => `2026-11-21T12:0${minute}:00.000Z`;

describe.skipIf(isLeftOut)('a finding', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });

  afterAll(() => bench.close());

  const look = (stream: string, minute: number, ...issues: string[]) =>
    keepFindings(bench.tools, 'verify.recent', at(minute), [{ stream, issues, issues_omitted: 0 }]);
  const kept = async (stream: string) =>
    (await bench.database.pool.query('select * from findings where stream = $1 order by found_at', [stream])).rows;

  test('is not touched by a look that began before it was last seen', async () => {
    const stream = 'session:late';
    await look(stream, 2, 'two things', 'are wrong');
    expect(await look(stream, 1, 'one thing is wrong')).toEqual({ opened: 0, resolved: 0 });
    expect(await look(stream, 1)).toEqual({ opened: 0, resolved: 0 });
    expect(await kept(stream)).toMatchObject([{ issues: ['two things', 'are wrong'], resolved_at: null }]);
    expect(await look(stream, 3)).toEqual({ opened: 0, resolved: 1 });
  });

  test('is opened, and said, once by looks at the same time', async () => {
    const stream = 'session:twice';
    const done = await Promise.all([1, 1, 1, 1].map((minute) => look(stream, minute, 'wrong')));
    expect(await kept(stream)).toHaveLength(1);
    expect(done.reduce((sum, { opened }) => sum + opened, 0)).toBe(1);
    expect(bench.errors.filter((line) => line.stream === stream)).toHaveLength(1);
  });

  test('is stored although nobody can be told', async () => {
    const { tools } = bench;
    const publish = () => Promise.reject(new Error('the broadcast is away'));
    const mute = { ...tools, broadcast: { ...tools.broadcast, publish } };
    const looked = { stream: 'session:mute', issues: ['wrong'], issues_omitted: 3 };
    expect(await keepFindings(mute, 'verify.recent', at(1), [looked])).toEqual({ opened: 1, resolved: 0 });
    expect(await kept('session:mute')).toMatchObject([{ issues: ['wrong'], issues_omitted: 3 }]);
    expect(bench.errors.at(-1)).toMatchObject({ stream: 'session:mute', issue_count: 4 });
  });
});
