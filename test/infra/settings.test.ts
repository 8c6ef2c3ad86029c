/** The list of settings says what is true: its page is fresh, and what it calls without effect nothing reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, settingsWithoutEffect } from '../../src/infra/process/config.ts';
import { described, type SettingName, Settings } from '../../src/infra/process/settings.ts';
import { settingsPage } from '../../src/infra/process/settingsPage.ts';

const root = join(import.meta.dirname, '../..');
const names = Object.keys(Settings.shape) as SettingName[];
const withoutEffect = names.filter((name) => described.get(Settings.shape[name])!.isWithoutEffect);

const sources = ['src', 'jobs', 'migrations']
  .flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).map((file) => join(part, file)),
  )
  .filter((file) => file.endsWith('.ts') && !file.endsWith('process/settings.ts'))
  // A comment reads nothing.
  .map((file) => readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(\/\*\*|\*|\/\/).*$/gm, ''))
  .join('\n');

test('docs/settings.md is what `npm run settings` writes', () => {
  expect(readFileSync(join(root, 'docs/settings.md'), 'utf8')).toBe(settingsPage());
});

test('every setting is read somewhere, but those that are called without effect', () => {
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual(withoutEffect);
});

test('no setting is without effect, and none is named at the start', () => {
  expect(withoutEffect).toEqual([]);
  const asking = { WS_MAX_QUEUE: '50', WS_OVERFLOW_ACTION: 'catch_up', WS_MAX_CONNECTIONS_PER_USER: '10' };
  expect(settingsWithoutEffect(readConfig(asking, 'all'))).toEqual([]);
});
