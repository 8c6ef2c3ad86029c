/** The tokens of feeds: each in its institution's folder, for one origin, and no name leads out of it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { OutboundError } from '../../src/core/definitions/outbound.ts';
import { readSecret } from '../../src/infra/outbound/secretFile.ts';

const INSTITUTION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
const ANOTHER = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e13';
const ORIGIN = 'https://tab.example';
const SECRET = { origin: ORIGIN, token: 'f'.repeat(40) };

const folder = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
const lay = (path: string, text: string = JSON.stringify(SECRET)) => writeFileSync(join(folder, path), text);
mkdirSync(join(folder, INSTITUTION, 'a-folder'), { recursive: true });
mkdirSync(join(folder, ANOTHER));
lay(`${INSTITUTION}/spring`);
lay(`${INSTITUTION}/elsewhere`, JSON.stringify({ ...SECRET, origin: 'https://elsewhere.example' }));
lay(`${INSTITUTION}/no-json`, 'token: abc');
lay(`${INSTITUTION}/with-a-line`, JSON.stringify({ ...SECRET, token: 'a\r\nX-Other: b' }));
lay(`${INSTITUTION}/large`, JSON.stringify({ ...SECRET, more: 'x'.repeat(20_000) }));
lay(`${ANOTHER}/theirs`);
lay('outside');
symlinkSync(join(folder, 'outside'), join(folder, INSTITUTION, 'leads-out'));
symlinkSync(join(folder, ANOTHER, 'theirs'), join(folder, INSTITUTION, 'leads-to-another'));
symlinkSync('spring', join(folder, INSTITUTION, 'leads-within'));
execFileSync('mkfifo', [join(folder, INSTITUTION, 'a-pipe')]);
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string, origin = ORIGIN, institution = INSTITUTION, root: string | undefined = folder) =>
  readSecret(root, institution, name, origin).catch(({ code }: OutboundError) => code);

describe('a secret', () => {
  test('is read by its name, and through a link within its folder', async () => {
    expect(await read('spring')).toEqual(SECRET);
    expect(await read('leads-within')).toEqual(SECRET);
  });

  test.each([
    ...[
      'missing',
      'a-folder',
      'a-pipe',
      'no-json',
      'with-a-line',
      'large',
      'leads-out',
      'leads-to-another',
      '',
      '.',
      '..',
      '.hidden',
    ],
    ...[
      '../outside',
      `../${ANOTHER}/theirs`,
      `${ANOTHER}/theirs`,
      '/etc/passwd',
      'spring\u0000',
      'spring/',
      'a\\b',
      'x'.repeat(65),
    ],
  ])('is refused where it is named %j', async (name) => {
    expect(await read(name)).toBe('no_secret');
  });

  test('is nobody else’s: neither another institution’s nor another origin’s', async () => {
    expect(await read('theirs')).toBe('no_secret');
    expect(await read('elsewhere')).toBe('no_secret');
    expect(await read('spring', 'http://tab.example')).toBe('no_secret');
    expect(await read('spring', ORIGIN, '..')).toBe('no_secret');
  });

  test('is not there where no folder is named', async () => {
    expect(await read('spring', ORIGIN, INSTITUTION, join(folder, 'none'))).toBe('no_secret');
    await expect(readSecret(undefined, INSTITUTION, 'spring', ORIGIN)).rejects.toMatchObject({ code: 'no_secret' });
  });
});
