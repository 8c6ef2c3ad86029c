/**
 * A new mutation from templates that compile: the command's file, its test, which fails until `decide` is written, and the
 * line in the list of its module. The templates are sources like all others: what changes about commands changes them.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TEMPLATES = 'scripts/templates';

/**
 * @param root of the project
 * @param path `<noun>/<verbNoun>`: a folder of a module, and the command's name in code
 * @returns the files that were written, the module's first
 * @throws where something says that this is not what was meant
 */
export function newCommand(root: string, path: string): string[] {
  const [, folder, verbNoun] = /^([a-z]\w*)\/([a-z]\w*)$/i.exec(path) ?? [];
  const words = verbNoun?.match(/^[a-z]+|[A-Z][a-z0-9]*/g) ?? [];
  if (folder === undefined || verbNoun === undefined || words.join('') !== verbNoun || words.length < 2) {
    throw new Error(`${path} is not like objections/reserveRuling: a folder of a module, a verb and its noun`);
  }
  const module = moduleOf(root, folder);
  const list = join('src', module, 'module.ts');
  const command = join('src', module, folder, `${verbNoun}.ts`);
  const test = join('test', module, folder, `${verbNoun}.test.ts`);
  for (const file of [command, test]) if (existsSync(join(root, file))) throw new Error(`${file} is there already`);
  const named = naming(words);
  const template = (file: string) => named(readFileSync(join(root, TEMPLATES, file), 'utf8'));
  const commandText = template('verbNoun.ts')
    .replaceAll(`'../../src/${module}/`, "'../")
    .replaceAll("'../../src/", "'../../");
  const testText = template('verbNoun.test.ts')
    .replaceAll("'../../test/", "'../../")
    .replace(`'./${verbNoun}.ts'`, `'../../../${command}'`);
  writeFileSync(join(root, list), listed(readFileSync(join(root, list), 'utf8'), folder, verbNoun));
  writeFileSync(join(root, command), commandText);
  writeFileSync(join(root, test), testText);
  return [list, command, test];
}

/** The module that has the folder. */
function moduleOf(root: string, folder: string): string {
  const modules = readdirSync(join(root, 'src')).filter((name) => existsSync(join(root, 'src', name, 'module.ts')));
  const found = modules.find((module) => existsSync(join(root, 'src', module, folder)));
  if (found !== undefined) return found;
  throw new Error(
    `No module has a folder ${folder}: make src/<module>/${folder} first, in one of ${modules.join(', ')}`,
  );
}

/** Puts a command's names for those of the template. The past tense of the event is a guess, and to be looked at. */
function naming(words: string[]): (text: string) => string {
  const lower = words.map((word) => word.toLowerCase());
  const noun = lower.at(-1)!;
  const verb = lower.slice(0, -1);
  const past = [...verb.slice(0, -1), verb.at(-1)!.replace(/e?$/, 'ed')];
  const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);
  return (text) =>
    text
      .replaceAll('nounVerbed', noun + past.map(capital).join(''))
      .replaceAll('NOUN_VERBED', [noun, ...past].join('_').toUpperCase())
      .replaceAll('noun.verb', `${noun}.${verb.join('_')}`)
      .replaceAll('noun/verb', `${noun}/${verb.join('_')}`)
      .replaceAll('verbNoun', words.join(''));
}

/** The module's file with an import and a line at the end of its commands; the formatter puts the import in its place. */
function listed(text: string, folder: string, verbNoun: string): string {
  const imports = text.lastIndexOf('\nimport ') + 1;
  const start = text.indexOf('  commands: [\n');
  const end = text.indexOf('  ],\n', start);
  if (imports === 0 || start < 0 || end < 0) throw new Error('The module has no list of commands to add to');
  const line = `import { ${verbNoun} } from './${folder}/${verbNoun}.ts';\n`;
  return `${text.slice(0, imports)}${line}${text.slice(imports, end)}    ${verbNoun},\n${text.slice(end)}`;
}
