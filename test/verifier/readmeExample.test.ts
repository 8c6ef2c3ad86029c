/** The README's example is what happens: a session rewritten whole agrees with itself, and not with the log. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportText } from '../../src/cli/reportText.ts';
import { bundleOf, historyOf, verified } from '../support/bundles.ts';
import { rewritten } from '../support/rewritten.ts';
import { sealed, VKEY } from '../support/sealedBundles.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

test('the README shows a superuser who rewrites a session whole, and is caught', async () => {
  const history = historyOf('0.1.0-hearing.ndjson 1').events;
  const forged = bundleOf(rewritten(history, 5, () => ({ text: 'Nobody objected.' })));
  const served = { ...forged, more: sealed(bundleOf(history)).more };
  const self = await verified(served);
  const anchored = await verified(served, { level: 'anchored', keys: [VKEY] });
  expect([self.verdict, anchored.verdict]).toEqual(['intact@self', 'tampered']);
  const shown = `\`\`\`
$ npm run -s verify -- bundle.zip --level self
${reportText(self)}
$ npm run -s verify -- bundle.zip --key ${VKEY}
${reportText(anchored)}\`\`\``;
  if (!readme.includes(shown)) console.error(shown);
  expect(readme.includes(shown)).toBe(true);
});
