/**
 * The document of the interface is one that tools take: a linter finds nothing, and a client whose types were generated from
 * it compiles, and does not where it asks for what is not answered.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, onTestFinished, test } from 'vitest';
import { openApiDocument } from '../../src/http/operations/openapi.ts';

const run = promisify(execFile);
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const source = JSON.stringify(openApiDocument('0.0.0'));

const CLIENT = `
import type { components, paths } from './plearoll';

type Schemas = components['schemas'];
type Posted<Path extends keyof paths> = paths[Path] extends { post: { responses: infer Answers } }
  ? Answers extends { 201: { content: { 'application/json': infer Body } } } ? Body
    : Answers extends { 200: { content: { 'application/json': infer Body } } } ? Body : never : never;
type Asked<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } } } ? Body : never;
type Said<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody?: { content: { 'application/json': infer Body } } } } ? Body : never;

class Client {
  constructor(private readonly url: string, private readonly token: string) {}

  async post<Path extends keyof paths>(path: Path, at: string, body: Said<Path>): Promise<Posted<Path>> {
    return this.send('POST', at, body) as Promise<Posted<Path>>;
  }

  async get<Path extends keyof paths>(path: Path, at: string): Promise<Asked<Path>> {
    return this.send('GET', at) as Promise<Asked<Path>>;
  }

  private async send(method: string, at: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: \`Bearer \${this.token}\`, 'content-type': 'application/json', prefer: 'wait=30' };
    const answer = await fetch(this.url + at, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(((await answer.json()) as Schemas['Problem']).code);
    return answer.json();
  }
}

export async function evening(client: Client, match: Said<'/api/assignment/create'>): Promise<string> {
  const { result: assignment } = await client.post('/api/assignment/create', '/api/assignment/create', match);
  const { result } = await client.post('/api/session/create', '/api/session/create', { assignment_id: assignment.id });
  const started = await client.post('/api/session/{session_id}/start', \`/api/session/\${result.id}/start\`, {});
  const { items } = await client.get('/api/session/{session_id}/turns', \`/api/session/\${result.id}/turns\`);
  const { logs } = await client.get('/api/session/{session_id}/logs', \`/api/session/\${result.id}/logs\`);
  const paused: Schemas['SESSION_PAUSED.payload'] = { reason: null };
  return [started.result.title, started.events[0]?.event_type, items[0]?.clock?.remaining_ms, logs.length, paused.reason].join();
}
`;
const WRONG = `
import type { components } from './plearoll';
export const wrong = (session: components['schemas']['Session']) => session.winner;
`;

test('a linter finds nothing wrong with the document', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    // A page is no operation of a client, and what is the same for everybody refuses nothing.
    rules: { 'operation-4xx-response': 'off', 'no-unused-components': 'off' },
  });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

test('a client of forty lines compiles with the types that are generated from it, and a wrong one does not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-typed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'plearoll.d.ts'), astToString(await openapiTS(source)));
  await writeFile(join(folder, 'client.ts'), CLIENT);
  await writeFile(join(folder, 'wrong.ts'), WRONG);
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const compiled = run(process.execPath, [TSC, ...options, 'client.ts', 'wrong.ts'], { cwd: folder });
  const said = await compiled.then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(said.trim().split('\n')).toEqual([
    expect.stringContaining("wrong.ts(3,77): error TS2339: Property 'winner' does not exist"),
  ]);
}, 240_000);
