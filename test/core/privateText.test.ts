/** Private text is marked in its schema, and no text of a body or a payload is forgotten. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fieldsOf, privately, privateNamesOf, privateText } from '../../src/core/definitions/privateText.ts';
import { createRedact } from '../../src/infra/telemetry/redaction.ts';
import { catalog } from '../../src/modules.ts';

test('a field of a payload that a schema marks as private is omitted, though nobody named it elsewhere', () => {
  const payload = z.strictObject({ remark_of_the_bench: privateText.nullable(), turn_id: z.guid() });
  const redact = createRedact(privateNamesOf([payload]));
  expect(redact({ remark_of_the_bench: 'He made it up.', turn_id: 't' })).toEqual({
    remark_of_the_bench: '[redacted]',
    turn_id: 't',
  });
});

test('the mark is found within lists, options, defaults and unions, and covers all that it stands on', () => {
  const person = privately(z.strictObject({ name: z.string(), age: z.int() }));
  const schema = z
    .strictObject({
      side: z.array(person).max(3).default([]),
      said: z.union([z.int(), privateText]).optional(),
      deep: z.strictObject({ within: z.record(z.string(), privateText) }),
      open: z.string(),
    })
    .superRefine(() => {});
  expect(privateNamesOf([schema]).sort()).toEqual(['said', 'side', 'within']);
});

test('a schema is marked by itself: the one that it was made of stays open', () => {
  const line = z.string().max(200);
  const hidden = privately(line);
  expect(privateNamesOf([z.object({ line, hidden })])).toEqual(['hidden']);
  expect(hidden.safeParse('x'.repeat(201)).success).toBe(false);
});

/** Texts without a form of their own that may be read: what a match and its papers are called, and what we make. */
const OPEN = [
  ...['title', 'courtroom', 'visibility', 'format', 'label', 'media_type', 'kind', 'url', 'recording_url'],
  ...['scheduled_at', 'deadline', 'last_event_at', 'sha256', 'state_digest', 'name'],
  ...['stream', 'payload_commitment', 'message_commitment', 'author', 'reporter', 'commitment'],
  ...['owner', 'host', 'ban_id', 'until', 'trapped'],
  // Of a feed: where a tournament's software is, and what it and a file of ours are called.
  ...['base_url', 'tournament', 'secret_ref', 'field'],
  // Of a link: what its secret is compared by, and when it ends.
  ...['secret_hash', 'expires_at'],
  // Of a result that goes back there: what is on record of its sheets, and what came of it.
  ...['hash', 'ballot_id', 'why'],
  // Of a rule: the command that it is about.
  'resource_type',
  // Of an entry of an audit trail: ids and names of ours alone.
  ...['user_id', 'role', 'action', 'code', 'subject'],
  // A date and a keyed hash that changes daily: who read a gallery is known by nothing else.
  ...['day', 'visitor'],
];

test('every free text of a body or a payload is private or known to be open', () => {
  const schemas = [
    ...[...catalog.commands.values()].map(({ body }) => body),
    ...[...catalog.events.values()].map(({ payload }) => payload),
  ];
  const open = schemas
    .flatMap((schema) => [...fieldsOf(schema)])
    .filter(({ schema, isPrivate }) => !isPrivate && isFreeText(schema));
  expect(open.map(({ name }) => name).filter((name) => !OPEN.includes(name))).toEqual([]);
});

/** Neither an id nor an instant nor one of a list; whatever is no text but may hold one is text too. */
function isFreeText(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodString) return true;
  return schema instanceof z.ZodUnknown || schema instanceof z.ZodAny;
}
