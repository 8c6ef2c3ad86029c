/** The layers hold: each rule of the linter is shown to refuse a planted import, and the tree as it stands passes. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../src/commands.ts';

const root = join(import.meta.dirname, '..');
const biome = join(root, 'node_modules/.bin/biome');

/** What the linter says of a folder, one finding a line: `rule file`. */
function lint(cwd: string): string[] {
  const args = [
    'lint',
    '--reporter=github',
    '--vcs-enabled=false',
    '--max-diagnostics=none',
    'src',
    'jobs',
    'migrations',
  ];
  const { stdout } = spawnSync(biome, args, { cwd, encoding: 'utf8' });
  return [...stdout.matchAll(/title=([\w/]+),file=([^,]+)/g)].map(
    ([, rule, file]) => `${rule!.split('/').at(-1)} ${file!.replace(`${cwd}/`, '')}`,
  );
}

const PLANTED: [folder: string, line: string][] = [
  ['src/core/', `import { startSession } from '../sessions/startSession.ts';`],
  ['src/core/', `import { readConfig } from '../infra/config.ts';`],
  ['src/core/', `import express from 'express';`],
  ['src/sessions/', `import { openPool } from '../infra/database.ts';`],
  ['src/sessions/', `import { createApp } from '../http/app.ts';`],
  ['src/sessions/', `import { Queue } from 'bullmq';`],
  ['src/infra/', `import { createApp } from '../http/app.ts';`],
  ['src/infra/', `import { findScope } from '../assignments/scope.ts';`],
  ['src/relay/', `import { execute } from '../core/execute.ts';`],
  ['src/relay/', `import { acceptCommands } from '../core/inbox.ts';`],
  ['src/relay/', `import { openQueues } from '../infra/queue.ts';`],
  ['src/relay/transports/', `import { execute } from '../../core/execute.ts';`],
  ['src/http/', `import { startWorker } from '../../jobs/startWorker.ts';`],
];

describe('the layers', () => {
  test('the tree as it stands keeps every rule and has no circle of imports', () => {
    expect(lint(root)).toEqual([]);
  });

  test('every rule refuses an import planted against it, and a planted circle', () => {
    const copy = mkdtempSync(join(tmpdir(), 'plearoll-lint-'));
    try {
      for (const part of ['src', 'jobs', 'migrations', 'biome.json'])
        cpSync(join(root, part), join(copy, part), { recursive: true });
      const expected = PLANTED.map(([folder, line], i) => {
        const [, name] = /import (?:\{ )?(\w+)/.exec(line)!;
        writeFileSync(join(copy, folder, `planted${i}.ts`), `${line}\nexport const use = ${name};\n`);
        return `noRestrictedImports ${folder}planted${i}.ts`;
      });
      const chain = readFileSync(join(copy, 'src/core/chain/chain.ts'), 'utf8');
      writeFileSync(
        join(copy, 'src/core/chain/chain.ts'),
        `import { hashOf } from './ledger.ts';\n${chain}\nexport { hashOf };\n`,
      );
      expect(lint(copy)).toEqual(expect.arrayContaining([...expected, 'noImportCycles src/core/chain/chain.ts']));
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describe('the lists', () => {
  test('every command file under src is in the list of commands', () => {
    const defined = filesUnder(join(root, 'src'))
      .filter((file) => /= defineCommand</.test(readFileSync(file, 'utf8')))
      .map((file) => /name: '([a-z._]+)'/.exec(readFileSync(file, 'utf8'))![1]);
    expect(commands.map((command) => command.name).sort()).toEqual(defined.sort());
  });

  test('no folder is a heap: there are no services, utils, helpers, common, types or models', () => {
    const folders = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(names.filter((name) => /^(services|utils?|helpers?|common|types|models)$/.test(name))).toEqual([]);
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
