/**
 * Each blow of the crash matrix once, in all of the suite; `npm run chaos` strikes for as long as is wanted. What is struck
 * here has a test of its own beside this file too.
 */
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';

const STRUCK = [
  ...['K1', 'K2', 'K3', 'K4', 'K5', 'K6', 'K7', 'K8', 'K10', 'K13', 'kill-relay'],
  ...['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'kill-signer'],
];
/** Said in the output, and with it the same blows can be struck again. */
const SEED = randomInt(2 ** 31);
const WITHIN_MS = 600_000;

describe.skipIf(inject('redisUrl') === null)('two of each process', () => {
  test('break no promise, whatever is done to them', { timeout: WITHIN_MS }, async () => {
    console.log(`chaos --seed ${SEED} --only ${STRUCK.join()}`);
    const { code, output } = await runChaos([
      '--seed',
      `${SEED}`,
      '--rounds',
      `${STRUCK.length}`,
      '--only',
      STRUCK.join(),
    ]);
    expect(output).not.toContain('VIOLATION');
    for (const fault of STRUCK) expect(output).toMatch(new RegExp(`^\\d+: ${fault}, \\d+ commands`, 'm'));
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
