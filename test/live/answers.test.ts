/** What receives answers for the tests knows those that an operation has from all others, and documents show only such. */
import { expect, test } from 'vitest';
import { components } from '../../src/core/definitions/answers.ts';
import { bodyExample } from '../../src/http/operations/bodyExamples.ts';
import { openApiDocument } from '../../src/http/operations/openapi.ts';
import { answerSchemas, eventSchemas, eventTypes } from '../../src/http/operations/schemas.ts';
import { commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { answerFaults } from '../support/answers.ts';

const json = new Headers({ 'content-type': 'application/json; charset=utf-8' });
const document = openApiDocument('0.0.0') as any;
const exampleOf = (id: string) => [...components.values()].find((one) => one.id === id)!.example as object;
const session = exampleOf('Session');
const path = '/api/session/018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';

test('the example of every schema is of that schema', () => {
  for (const [schema, { id, example }] of components) {
    const { error } = schema.safeParse(example);
    expect([id, error?.issues ?? []]).toEqual([id, []]);
  }
});

test('the example of every body is taken', () => {
  for (const command of commands) {
    const { success } = command.body.safeParse(bodyExample(command) ?? {});
    expect([command.name, success]).toEqual([command.name, true]);
  }
});

test('no two schemas share a name', () => {
  const ids = [...components.values()].map(({ id }) => id);
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
});

test('every answer of the document is a schema with a name and an example, and every operation has its words', () => {
  for (const [route, operations] of Object.entries<any>(document.paths)) {
    for (const { summary, tags, responses } of Object.values<any>(operations)) {
      expect(document.tags.map(({ name }: any) => name)).toContain(tags[0]);
      expect(summary).not.toBe('');
      for (const [status, { content }] of Object.entries<any>(responses)) {
        const { schema, example } = content?.['application/json'] ?? {};
        if (!schema || route.endsWith('.json')) continue;
        expect([route, status, schema.$ref in named, example]).toEqual([route, status, true, expect.anything()]);
      }
    }
  }
});

test('every body of the document but a text is a schema with a name, which is exact', () => {
  const bodies = Object.entries<any>(document.paths).flatMap(([route, operations]) =>
    Object.values<any>(operations).flatMap(({ requestBody }) =>
      Object.entries<any>(requestBody?.content ?? {}).flatMap(([type, { schema }]) =>
        type.startsWith('text/') ? [] : [[route, schema.$ref]],
      ),
    ),
  );
  expect(bodies.length).toBeGreaterThanOrEqual(commands.length);
  for (const [route, ref] of bodies) {
    expect([route, ref]).toEqual([route, expect.stringMatching(/^#\/components\/schemas\/\w+Request$/)]);
    expect([route, document.components.schemas[ref.split('/').at(-1)].additionalProperties]).toEqual([route, false]);
  }
  expect(new Set(bodies.map(([, ref]) => ref)).size).toBe(bodies.length);
});

const named = Object.fromEntries(
  Object.keys(document.components.schemas).map((id) => [`#/components/schemas/${id}`, 1]),
);

test('nothing is pointed at that is not there', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
  expect(refs.length).toBeGreaterThan(200);
  expect(refs.filter((ref) => !(ref in named))).toEqual([]);
});

test('every type of event has its payload, and an event of a session says it by its type', () => {
  const schemas = eventSchemas(answerSchemas()) as any;
  for (const { type } of eventTypes) expect([type, schemas[`${type}.payload`]?.type]).toEqual([type, 'object']);
  const ofSession = eventTypes.filter(({ stream }) => stream.kind === 'session').map(({ type }) => type);
  expect(schemas.Event.oneOf.map(({ title }: any) => title)).toEqual([...ofSession, 'A type of your own']);
});

test('a file alone has no schema', () => {
  expect(queries.filter(({ answer }) => !answer).map(({ name }) => name)).toEqual(
    queries.filter(({ attach }) => attach).map(({ name }) => name),
  );
});

test('an answer of the operation is none that is a fault', () => {
  expect(answerFaults('GET', path, { status: 200, headers: json, body: session })).toEqual([]);
  expect(
    answerFaults('POST', `${path}/start`, { status: 200, headers: json, body: exampleOf('AppliedSession') }),
  ).toEqual([]);
  expect(answerFaults('POST', `${path}/start`, { status: 202, headers: json, body: exampleOf('Accepted') })).toEqual(
    [],
  );
});

test.each<[string, string, object, RegExp]>([
  ['with a field too many', path, { ...session, hint: 1 }, /hint/],
  ['without a field', path, { ...session, turn: undefined }, /turn/],
  ['of another operation', '/api/session/active/list', session, /items/],
  ['with a time that is not ours', path, { ...session, created_at: '2026-09-24T10:11:12Z' }, /created_at/],
])('an answer %s is a fault', (_, route, body, fault) => {
  expect(answerFaults('GET', route, { status: 200, headers: json, body }).join('\n')).toMatch(fault);
});

test('a refusal with a code that there is not is a fault', () => {
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  const body = { ...exampleOf('Problem'), code: 'no_luck' };
  expect(answerFaults('GET', path, { status: 409, headers, body }).join('\n')).toMatch(/code/);
});
