/** What holds of every command of hosts about a message. */
import { test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { NewEvent } from '../../src/core/definitions/event.ts';
import { given } from './given.ts';
import { hallOf, posted, seated } from './hall.ts';
import { admin, bailiff, outsideJudge, SESSION } from './matchFixture.ts';

/**
 * @param done what is recorded where a host sends it
 * @param said the message that it is about
 */
export function testHosts(command: { name: string }, body: object, done: NewEvent, said = posted()): void {
  const by = (actor: Actor, fact = hallOf(), before = given(said)) => before.when(command, body, actor, { fact });

  test('is of the hosts: moderators of the roster, the presiding judge and admins of the institution', () => {
    by(bailiff, hallOf({ seat: { role: 'moderator', presiding: false } })).then(done);
    by(outsideJudge, hallOf({ seat: { role: 'judge', presiding: true } })).then(done);
    by(outsideJudge, hallOf({ seat: { role: 'judge', presiding: false } })).then('not_host');
    by(bailiff).then('not_host', { status: 403 });
    by({ ...admin, institution_id: SESSION }).then('not_host');
  });

  test('is refused as all of the gallery is', () => {
    by(admin, hallOf(), given(posted({ message_id: SESSION }))).then('not_found');
    by(bailiff, seated).then('not_found');
    by(admin, hallOf({ mode: 'off' })).then('gallery_closed');
    by({ ...admin, role: 'anonymous' }, hallOf({ status: 'active' })).then('unauthenticated');
  });
}
