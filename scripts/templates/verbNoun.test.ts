/** Say what the command promises; each code that it may be rejected with has a test here. */
import { test } from 'vitest';
import { given } from '../../test/support/given.ts';
import { presiding, sessionThatIs } from '../../test/support/matchFixture.ts';
import { nounVerbed, verbNoun } from './verbNoun.ts';

test('say what is recorded, as a sentence', () => {
  given(...sessionThatIs.active)
    .when(verbNoun, {}, presiding)
    .then(nounVerbed({}));
});
