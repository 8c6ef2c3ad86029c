/**
 * Builds what Node runs where a source is newer than the last build, and is quick and silent where none is: npm runs this on
 * an installation and before each script that needs `dist`. A production folder has no compiler; what was built elsewhere is
 * taken as it is there.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = ['src', 'jobs', 'migrations', 'scripts', 'package.json'];
const SOURCES_OF_COMPILER = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.client.json'];
const STAMP = join(ROOT, 'dist/built');
const PROGRAM = join(ROOT, 'dist/src/cli/plearoll.js');

/** @returns {number} when a source was changed last */
function newest() {
  const there = [...SOURCES, ...SOURCES_OF_COMPILER].map((path) => join(ROOT, path)).filter(existsSync);
  const files = there.flatMap((path) =>
    statSync(path).isFile()
      ? [path]
      : readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(path, file)),
  );
  return Math.max(0, ...files.map((file) => statSync(file).mtimeMs));
}

const isBuilt = existsSync(PROGRAM);
// What comes for other packages' sake may be there without the rest of it.
const hasCompiler = ['typescript', 'rolldown', '@types/node'].every((name) =>
  existsSync(join(ROOT, 'node_modules', name)),
);
if (!hasCompiler && !isBuilt && process.env.npm_lifecycle_event !== 'prepare') {
  console.error('Plearoll is not built, and there is no compiler: run npm ci (without --omit=dev) and npm run build.');
  process.exit(1);
}
if (hasCompiler && !(isBuilt && existsSync(STAMP) && statSync(STAMP).mtimeMs > newest())) {
  const begun = new Date();
  if (isBuilt) console.error('A source is newer than what was built: building …');
  const { status } = spawnSync('npm', ['run', '-s', 'build'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(STAMP, '');
  // What is edited during the build is newer.
  utimesSync(STAMP, begun, begun);
}
// npx runs it where it stands.
if (existsSync(PROGRAM)) chmodSync(PROGRAM, 0o755);
