/**
 * A second check, in another language, that uses none of our code (examples/verify_bundle.py): on clean bundles and on broken
 * ones it comes to the same verdict as the verifier. Runs wherever there is a python3.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../src/verifier/report.ts';
import { type Bundle, bundleOf, verified } from '../support/bundles.ts';
import { isEverything } from '../support/everything.ts';
import { histories } from '../support/histories.ts';
import { rewritten } from '../support/rewritten.ts';
import { logOf, noteOf, ORIGIN, sealed, thief, VKEY } from '../support/sealedBundles.ts';
import { hasPython, saidByTwin, TWIN } from '../support/twin.ts';

const { events } = histories.find(({ name }) => name.startsWith('0.1.0-hearing'))!;
const bundle = bundleOf(events);
const clean = sealed(bundle);
const log = logOf(bundle);
const forged = bundleOf(rewritten(events, 5, () => ({ text: 'Another word.' })));
const changed = (lines: 'events' | 'payloads', i: number, from: string | RegExp, to: string): Bundle => ({
  ...clean,
  [lines]: clean[lines].with(i, clean[lines][i]!.replace(from, to)),
});
const without = (lines: 'events' | 'payloads', i: number): Bundle => ({
  ...clean,
  [lines]: clean[lines].toSpliced(i, 1),
});
const withFile = (name: string, text: string): Bundle => ({ ...clean, more: { ...clean.more, [name]: text } });

const BUNDLES: { [what: string]: [expected: number, bundle: Bundle] } = {
  'a clean one': [0, clean],
  'one without a proof': [2, bundle],
  'one whose tail is not sealed yet': [2, sealed(bundle, log.slice(0, 12))],
  'an event with another type': [1, changed('events', 4, 'BENCH', 'BANCH')],
  'an event with another commitment': [1, changed('events', 4, /"commit":"./, '"commit":"_')],
  'an event in another form': [1, changed('events', 4, ',', ', ')],
  'a payload with another word': [1, changed('payloads', 4, /"payload":"(.*)[a-z](.*)"}$/, '"payload":"$1_$2"}')],
  'a payload in another form': [1, changed('payloads', 4, ',', ', ')],
  'an event left out': [1, without('events', 7)],
  'the last event left out': [1, without('events', 13)],
  'a payload left out': [1, without('payloads', 7)],
  'a session that stands elsewhere': [
    1,
    { ...clean, session: clean.session.replace('"event_sequence":14', '"event_sequence":15') },
  ],
  'a record rewritten whole': [1, { ...forged, more: clean.more }],
  'a record rewritten whole and signed with another key': [1, sealed(forged, logOf(forged), thief)],
  'a proof of nothing': [1, withFile('proof.json', '{}')],
  'a checkpoint of another log': [1, withFile('checkpoint.note', noteOf(log, undefined, `${ORIGIN}/2`))],
  'a checkpoint of another size': [1, withFile('checkpoint.note', noteOf(log.slice(1)))],
};

test('it is short enough to be read', () => {
  expect(readFileSync(TWIN, 'utf8').trim().split('\n').length).toBeLessThan(60);
});

describe.skipIf(!hasPython)('both', () => {
  const whole: { [name: string]: [expected: number, bundle: Bundle] } = Object.fromEntries(
    (isEverything ? histories : histories.slice(0, 2)).map(({ name, events }) => [name, [0, sealed(bundleOf(events))]]),
  );
  const given = { ...BUNDLES, ...whole };
  let said: ReturnType<typeof saidByTwin>;
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'twin-'));
    said = saidByTwin(
      folder,
      VKEY,
      Object.values(given).map(([, bundle]) => bundle),
    );
    rmSync(folder, { recursive: true });
  });

  test.each(Object.entries(given).map(([what, one], i) => [what, ...one, i] as const))(
    'say the same of %s',
    async (_, expected, bundle, i) => {
      const { verdict } = await verified(bundle, { level: 'anchored', keys: [VKEY] });
      const [python, words] = said[i]!;
      expect({ ours: exitCodeOf(verdict), python }, words).toEqual({ ours: expected, python: expected });
    },
  );
});
