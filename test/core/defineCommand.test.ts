/** What a command says on its face: the target, the streams and the types that follow from it. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/access/defineCommand.ts';
import { theAssignment } from '../../src/court/assignments/assignment.ts';
import { exhibits } from '../../src/court/exhibits/exhibit.ts';
import { reject } from '../../src/court/problems.ts';
import { theSession } from '../../src/court/sessions/session.ts';
import { turns } from '../../src/court/turns/turn.ts';

const SCOPE = { assignment_id: 'a', session_id: null } as never;
const base = {
  name: 'turn.greet',
  route: 'POST /api/session/:session_id/turn/greet',
  summary: 'Only tests know it',
  who: ['judge'],
  records: [],
  resource: z.object({}),
  result: () => ({}),
} as const;
const body = z.strictObject({ turn_id: z.string().optional() });

test('the route names the target, `finds` its rows where the input names them, and `locks` the streams', () => {
  const greet = defineCommand({
    ...base,
    locks: ({ session_id }, { assignment_id, session_id: open }) => [
      theSession(session_id),
      theAssignment(assignment_id),
      open === null ? null : theSession(open),
    ],
    finds: [turns],
    body,
    decide: ({ session, assignment }) =>
      session && assignment.title === '' ? reject('turn_active', 'One is.') : reject('not_found', 'None is.'),
    rejects: ['turn_active', 'not_found'],
  });
  expect(greet.target({ session_id: 's' })).toEqual({ kind: 'session', id: 's', parts: [] });
  expect(greet.target({ session_id: 's', turn_id: 't' })?.parts).toEqual([{ table: turns, id: 't' }]);
  expect(greet.streams({ id: 'c', input: { session_id: 's' } }, SCOPE)).toEqual(['session:s', 'assignment:a']);
});

test('a command whose route names nothing has no target, or the one that it says its input is within', () => {
  const parts = {
    ...base,
    route: 'POST /api/assignment/greet',
    body: z.strictObject({ assignment_id: z.string() }),
    decide: () => [],
    rejects: [],
  } as const;
  const alone = defineCommand({ ...parts, locks: (_, __, id) => [theAssignment(id)] });
  expect(alone.target({ assignment_id: 'a' })).toBeNull();
  expect(alone.streams({ id: 'c', input: { assignment_id: 'a' } }, SCOPE)).toEqual(['assignment:c']);
  const within = defineCommand({
    ...parts,
    within: 'assignment_id',
    locks: ({ assignment_id }) => [theAssignment(assignment_id)],
  });
  expect(within.target({ assignment_id: 'a' })).toEqual({ kind: 'assignment', id: 'a', parts: [] });
});

test('what does not fit does not compile: a code that `rejects` lacks, a state that is not locked, a row that no input names', () => {
  const locks = ({ session_id }: { session_id: string }) => [theSession(session_id)] as const;
  const parts = { ...base, body, locks } as const;
  // @ts-expect-error: the code is not among those of `rejects`
  defineCommand({ ...parts, decide: () => reject('turn_expired', 'It is.'), rejects: ['turn_active'] });
  // @ts-expect-error: no assignment is locked
  defineCommand({ ...parts, decide: ({ assignment }) => (assignment ? [] : []), rejects: [] });
  // @ts-expect-error: the input names no exhibit
  defineCommand({ ...parts, finds: [exhibits], decide: () => [], rejects: [] });
  // The same, where it fits.
  defineCommand({ ...parts, finds: [turns], decide: ({ session }) => (session ? [] : []), rejects: [] });
  expect.assertions(0);
});
