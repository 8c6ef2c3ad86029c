/** A benchmark that takes many processes runs from end to end, small: what it finds says nothing, but for who gets in. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const WITHIN_MS = 240_000;

test.skipIf(inject('redisUrl') === null)(
  'the benchmark of the gallery runs, and fifty people behind one address get in',
  { timeout: WITHIN_MS },
  async () => {
    const args = ['dist/bench/bench.js', 'gallery', '--smoke'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: WITHIN_MS });
    for (const part of ['from a post to the screens', 'decisions', 'requests a second without a token']) {
      expect(stdout).toContain(part);
    }
    expect(stdout).toContain('50 people behind one address, 255 requests: nobody blocked: reached');
  },
);
