/** Chaos with two versions: an earlier one is rolled over to this one, and back where the schema accepts it. */
import { execFile } from 'node:child_process';
import { describe, expect, inject, test } from 'vitest';
import { namedReleases } from '../../chaos/release.ts';
import { isEverything } from '../support/everything.ts';

const WITHIN_MS = 600_000;

describe.skipIf(inject('redisUrl') === null || !isEverything)('two versions', () => {
  test('every process of an earlier version is replaced, and goes back where that is accepted, and no promise is broken', {
    timeout: WITHIN_MS,
  }, async () => {
    // The youngest has its packages in common with this one.
    const { commit } = namedReleases().at(-1)!;
    const { code, output } = await runChaos(['--upgrade', '--release', commit]);
    expect(output).not.toContain('VIOLATION');
    expect(output).toMatch(/LEFT OUT|^\d+: forth, \d+ commands/m);
    expect(code, output).toBe(0);
  });
});

function runChaos(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/chaos/chaos.js', ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
