/** `npm run new -- command <noun>/<verbNoun>`: a new mutation from templates. */
import { spawnSync } from 'node:child_process';
import { newCommand } from './newCommand.ts';

const USAGE =
  'usage: npm run new -- command <noun>/<verbNoun>   as in: npm run new -- command objections/reserveRuling';
const [kind, path, ...more] = process.argv.slice(2);

try {
  if (kind !== 'command' || path === undefined || more.length > 0) throw new Error(USAGE);
  const files = newCommand(process.cwd(), path);
  spawnSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', ...files], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  console.log(files.join('\n'));
  console.log(`
Next: name the event in the past tense, write decide until \`npx vitest run ${files.at(-1)}\` passes,
and add the command's row to the table in README.md.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
