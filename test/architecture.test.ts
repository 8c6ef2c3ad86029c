/** The plan of the house holds: in every folder the linter refuses an import over its wall, and the tree as it stands passes. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { routes } from '../src/http/routes.ts';
import { commands } from '../src/modules.ts';
import { queries } from '../src/queries.ts';

const root = join(import.meta.dirname, '..');
const biome = join(root, 'node_modules/.bin/biome');
const PARTS = ['src', 'jobs', 'migrations'];

/** What the linter says of the imports of a folder, one finding a line: `rule file`. */
function lint(cwd: string): string[] {
  const rules = ['--only=style/noRestrictedImports', '--only=suspicious/noImportCycles'];
  const args = ['lint', '--reporter=github', '--vcs-enabled=false', '--max-diagnostics=none', ...rules, ...PARTS];
  const { stdout } = spawnSync(biome, args, { cwd, encoding: 'utf8' });
  return [...stdout.matchAll(/title=([\w/]+),file=([^,]+)/g)].map(
    ([, rule, file]) => `${rule!.split('/').at(-1)} ${file!.replace(`${cwd}/`, '')}`,
  );
}

const OVER_THE_ROOF = ['jobs/startWorker.ts', 'test/support/stack.ts'];
const OF_A_MODULE = [
  'src/infra/postgres/database.ts',
  'src/http/app.ts',
  'src/relay/relay.ts',
  'src/modules.ts',
  'src/queries.ts',
  'bullmq',
];
const COURT = 'src/court/sessions/startSession.ts';

/** What nothing in a folder may import. The longest beginning counts; a folder that stands in no line is a module. */
const WALLS: { [beginning: string]: string[] } = {
  src: [...OVER_THE_ROOF, ...OF_A_MODULE],
  'src/core': [...OVER_THE_ROOF, ...OF_A_MODULE, COURT, 'src/access/scope.ts', 'express'],
  'src/access': [...OVER_THE_ROOF, ...OF_A_MODULE, COURT],
  'src/integrity': [...OVER_THE_ROOF, ...OF_A_MODULE, COURT, 'src/court/module.ts', 'src/access/scope.ts', 'ioredis'],
  'src/infra': [...OVER_THE_ROOF, 'src/http/app.ts', COURT, 'src/access/scope.ts', 'src/modules.ts'],
  'src/http': [...OVER_THE_ROOF, 'src/relay/relay.ts', 'src/processes/startAll.ts'],
  'src/relay': [
    ...OVER_THE_ROOF,
    'src/http/app.ts',
    'src/core/apply/execute.ts',
    'src/core/apply/inbox.ts',
    'src/infra/queue/queue.ts',
  ],
  'src/client': [
    ...OVER_THE_ROOF,
    'src/infra/postgres/database.ts',
    'src/http/app.ts',
    'src/relay/relay.ts',
    'src/modules.ts',
    'src/core/apply/execute.ts',
    'src/core/sql/queryable.ts',
    COURT,
    'node:crypto',
    'zod',
  ],
  'src/fold': [...OVER_THE_ROOF, 'src/infra/postgres/database.ts', 'src/http/app.ts', 'src/queries.ts', 'node:crypto'],
  'src/verifier': [
    ...OVER_THE_ROOF,
    'src/infra/postgres/database.ts',
    'src/http/app.ts',
    'src/modules.ts',
    'src/core/sql/queryable.ts',
    COURT,
    'node:crypto',
  ],
  'src/backup': [...OVER_THE_ROOF, 'src/http/app.ts', COURT],
  'src/cli': [...OVER_THE_ROOF, 'src/http/app.ts', COURT],
  'src/processes': ['test/support/stack.ts'],
  jobs: ['test/support/stack.ts', 'src/http/app.ts', 'src/processes/startAll.ts', 'src/cli/token.ts'],
  migrations: OVER_THE_ROOF,
};

function wallOf(folder: string): string[] {
  const beginnings = Object.keys(WALLS).filter((one) => folder === one || folder.startsWith(`${one}/`));
  return WALLS[beginnings.toSorted((a, b) => b.length - a.length)[0]!]!;
}

/** Every folder that holds sources, relative to the root. The files on the roof of `src` are the lists, which know all. */
function folders(): string[] {
  return PARTS.flatMap((part) => [
    ...new Set(filesUnder(join(root, part)).map((file) => relative(root, join(file, '..')))),
  ]).filter((folder) => folder !== 'src');
}

describe('the walls', () => {
  // The linter reads all of the tree, which a busy machine takes a while for.
  test('each folder refuses every import that is planted over its wall, and a circle is seen; the rest of the tree has neither', {
    timeout: 120_000,
  }, () => {
    const copy = mkdtempSync(join(tmpdir(), 'plearoll-lint-'));
    try {
      for (const part of [...PARTS, 'test/support', 'biome.json'])
        cpSync(join(root, part), join(copy, part), { recursive: true });
      const planted = folders().flatMap((folder) => wallOf(folder).map((target) => ({ folder, target })));
      expect(planted.length).toBeGreaterThan(100);
      const expected = planted.map(({ folder, target }, i) => {
        const from = target.includes('/') ? relative(folder, target) : target;
        writeFileSync(
          join(copy, folder, `planted${i}.ts`),
          `import * as over from '${from}';\nexport const use = over;\n`,
        );
        return `noRestrictedImports ${folder}/planted${i}.ts (${target})`;
      });
      writeFileSync(
        join(copy, 'src/core/circleA.ts'),
        `import type { B } from './circleB.ts';\nexport type A = B[];\n`,
      );
      writeFileSync(
        join(copy, 'src/core/circleB.ts'),
        `import type { A } from './circleA.ts';\nexport type B = A[];\n`,
      );
      const found = new Set(lint(copy));
      const besides = [...found].filter((line) => !/\/(planted\d+|circle[AB])\.ts$/.test(line));
      expect(besides).toEqual([]);
      expect(expected.filter((line) => !found.has(line.replace(/ \(.*/, '')))).toEqual([]);
      expect(found).toContain('noImportCycles src/core/circleA.ts');
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describe('the lists', () => {
  test.each([
    ['command', 'define(?:Upload|Guarded|Owned)?Command', commands],
    ['query', 'define(?:Long|File)?Query', queries],
    ['route', 'define(?:Open)?Route', routes],
  ] as const)('every %s that is defined under src is in its list', (_, define, list) => {
    const definition = new RegExp(`= ${define}[<(][^]*?\\bname: '([a-zA-Z._]+)'`, 'g');
    const defined = filesUnder(join(root, 'src')).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(definition)].map(([, name]) => name),
    );
    expect(list.map(({ name }) => name).toSorted()).toEqual(defined.toSorted());
  });

  test('no folder is a heap: there are no services, utils, helpers, common, types or models', () => {
    const names = folders().map((folder) => folder.split('/').at(-1)!);
    expect(names.filter((name) => /^(services|utils?|helpers?|common|types|models)$/.test(name))).toEqual([]);
  });
});

describe('in the sources', () => {
  const texts = ['src', 'jobs'].flatMap((part) =>
    filesUnder(join(root, part)).map((file) => ({ file: relative(root, file), text: readFileSync(file, 'utf8') })),
  );

  test('imports stand before all code (P1-3)', () => {
    const late = texts.filter(({ text }) =>
      /^(?:export )?(?:async )?(?:const|let|function|class) [\s\S]*^import /m.test(text),
    );
    expect(late.map(({ file }) => file)).toEqual([]);
  });

  test('no channel of Redis is subscribed to as a pattern (P1-4)', () => {
    expect(texts.filter(({ text }) => /psubscribe/i.test(text)).map(({ file }) => file)).toEqual([]);
    expect(texts.length).toBeGreaterThan(200);
  });
});

/** What is said of a hearing. Of `turn` only names are meant: text may turn too. */
const COURTS_WORDS =
  /session|assignment|objection|exhibit|roster|observation|courtroom|hearing|petitioner|respondent|counsel|violation|rebuttal|(?<![a-z])(turn(?=[_'s])|bench|panel|judge|moot)/i;
/** The roles that a token may give are the contract's, of every module. */
const ROLES_OF_TOKENS = "export const ROLES = ['super_admin', 'admin', 'judge', 'moderator', 'participant'] as const;";

test('the core knows no word of the court', () => {
  const told = filesUnder(join(root, 'src/core')).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== ROLES_OF_TOKENS && COURTS_WORDS.test(line))
      .map((line) => `${relative(root, file)}: ${line}`),
  );
  expect(told).toEqual([]);
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
