/** docs/settings.md, made from the list of settings. */
import { defaultOf, described, type SettingName, Settings } from './settings.ts';

const HEAD = `# Settings

Settings are environment variables. One place reads them (\`src/infra/process/config.ts\`), checks all at once, and ends a process with
every problem named. An empty value is the same as none. This page is made from \`src/infra/process/settings.ts\` by \`npm run settings\`.

Read by: the processes of the Procfile (\`web\`, \`worker\`, \`relay\`, \`scheduler\`), \`start\`, which is all of them in one process, and npm scripts.
A setting without effect is read and checked, and nothing acts on it in this version: a process that is given another value than the
default, 0 or nothing names it in one warning at its start.

| setting | default | read by | what it does |
| --- | --- | --- | --- |
`;

export function settingsPage(): string {
  return HEAD + (Object.keys(Settings.shape) as SettingName[]).map(row).join('');
}

function row(name: SettingName): string {
  const { readBy, help, unset, isWithoutEffect } = described.get(Settings.shape[name])!;
  const text = isWithoutEffect ? `${help} **Without effect in this version.**` : help;
  return `| \`${name}\` | ${unset ?? shown(defaultOf(name))} | ${readBy.join(', ')} | ${text} |\n`;
}

function shown(value: unknown): string {
  return value === undefined || String(value) === '' ? 'none' : `\`${String(value)}\``;
}
