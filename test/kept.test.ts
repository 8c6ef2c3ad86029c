/**
 * What clients build on is as it is kept in test/kept. Where a change is meant, `npm run keep` writes it: read the
 * difference, it is what every client will meet.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { docsRoutes } from '../src/http/operations/docs.ts';
import { problems as table } from '../src/modules.ts';
import { readKept } from './support/kept.ts';

/** A release changes the version and nothing else. */
const VERSION = 'kept';

test.each(['openapi.json', 'asyncapi.json', 'events.json'])(
  'the document that is served as %s is the kept one',
  async (name) => {
    const server = createServer(express().use(docsRoutes(VERSION))).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/api/${name}`);
    const served = stable(await answer.json());
    expect(served).toBe(await readKept(`kept/${name}`, () => served));
  },
);

test('every problem has the code, the status and the title that are kept', async () => {
  const problems = Object.entries(table).map(([code, [status, title]]) => [code, { status, title }]);
  const known = stable(Object.fromEntries(problems));
  expect(known).toBe(await readKept('kept/problems.json', () => known));
});

/** Members and enums are sorted: their order says nothing to a reader of JSON. */
function stable(document: unknown): string {
  return `${JSON.stringify(document, sorted, 2)}\n`;
}

function sorted(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return key === 'enum' ? value.toSorted() : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
