/** What strangers build on is as it is kept in test/kept. Where a change is meant: `npm run keep`, and read the difference. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { docsRoutes } from '../src/http/operations/docs.ts';
import { KEPT_VERSION, keptDocuments, stable } from './support/keptDocuments.ts';

const readKept = (name: string) => readFile(join(import.meta.dirname, 'kept', name), 'utf8');

test('the OpenAPI document that is served is the kept one', async () => {
  const server = createServer(express().use(docsRoutes(KEPT_VERSION))).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const served = await fetch(`http://127.0.0.1:${port}/api/openapi.json`);
  expect(stable((await served.json()) as never)).toBe(await readKept('openapi.json'));
});

test('every problem has the code, the status and the title that are kept', async () => {
  expect(keptDocuments['problems.json']()).toBe(await readKept('problems.json'));
});
