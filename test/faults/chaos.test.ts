/** A part of the crash matrix that fits into a test run; `npm run chaos` plays all of it for as long as is wanted. */
import { execFile } from 'node:child_process';
import { describe, expect, inject, test } from 'vitest';

const FAULTS = ['K1', 'K2', 'K3', 'K4', 'K5', 'K6', 'K7', 'K8', 'K10', 'K13', 'kill-relay'];
const SEED = 3;
const WITHIN_MS = 300_000;

describe.skipIf(inject('redisUrl') === null)('two of each process', () => {
  test('break no promise, whatever is done to them', { timeout: WITHIN_MS }, async () => {
    const { code, output } = await runChaos([
      '--seed',
      `${SEED}`,
      '--rounds',
      `${FAULTS.length}`,
      '--only',
      FAULTS.join(),
    ]);
    expect(output).not.toContain('VIOLATION');
    for (const fault of FAULTS) expect(output).toMatch(new RegExp(`^\\d+: ${fault}, \\d+ commands`, 'm'));
    expect(code, output).toBe(0);
  });

  test('are not struck where no fault has that name', async () => {
    const { code, output } = await runChaos(['--only', 'K1,K99']);
    expect(output).toContain('no fault is called K99');
    expect(code).toBe(2);
  });
});

function runChaos(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/chaos/chaos.js', ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
