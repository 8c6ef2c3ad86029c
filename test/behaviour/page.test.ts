/** The page on assurance shows each feature as the code defines it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FEATURES } from '../../src/behaviour/features/features.ts';

test('docs/assurance.md has a row for each feature, in the order of vectors', () => {
  const page = readFileSync('docs/assurance.md', 'utf8');
  const rows = page.match(/^\| `\w+` \| (keystroke|mouse|navigation) \|.*\|$/gm);
  expect(rows).toEqual(
    FEATURES.map(
      ({ name, component, unit, formula, inputs, least }) =>
        `| \`${name}\` | ${component} | ${unit} | ${formula} | ${inputs}, ${least} |`,
    ),
  );
});
