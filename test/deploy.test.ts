/** What `deploy/compose.yaml` gives each process, and nobody else. The logins themselves are tried in faults/logins.test.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const text = readFileSync(join(import.meta.dirname, '../deploy/compose.yaml'), 'utf8');
const [shared = '', rest = ''] = text.split(/^services:$/m);
const services = new Map(
  rest
    .split(/^volumes:$/m)[0]!
    .split(/^ {2}(?=\w+:$)/m)
    .slice(1)
    .map((part) => [/^\w+/.exec(part)![0], part]),
);

test('the image runs as a user that is not root, who is named after everything is copied (P1-2)', () => {
  const lines = readFileSync(join(import.meta.dirname, '../deploy/Dockerfile'), 'utf8').split('\n');
  const users = lines.filter((line) => line.startsWith('USER '));
  expect(users.at(-1)).toBe('USER node');
  expect(lines.findLastIndex((line) => /^(COPY|RUN|ADD) /.test(line))).toBeLessThan(lines.lastIndexOf('USER node'));
});

test('no port is published but on this machine', () => {
  const published = [...services.values()].flatMap((part) => /ports: (.*)/.exec(part)?.[1] ?? []);
  expect(published).toEqual(['["127.0.0.1:3000:3000"]', '["127.0.0.1:3001:3001"]']);
});

test('the secret of tokens is where tokens are verified, and the password of the superuser with Postgres alone', () => {
  const who = (secret: string) =>
    [...services].filter(([, part]) => part.includes(`\${${secret}:?}`)).map(([name]) => name);
  expect(who('JWT_SECRET')).toEqual(['api', 'relay']);
  expect(who('POSTGRES_PASSWORD')).toEqual(['postgres']);
  for (const name of ['api', 'worker', 'relay', 'scheduler', 'signer']) {
    expect(who(`${name.toUpperCase()}_PASSWORD`)).toEqual(['postgres', name]);
    expect(services.get(name)).toContain(`postgres://plearoll_login_${name}:`);
  }
  expect(who('MIGRATOR_PASSWORD')).toEqual(['postgres', 'migrate']);
  expect(shared).not.toMatch(/JWT_SECRET: |_PASSWORD: /);
});

test("the log's key and the signer's state are with the signer alone, and only the signer writes the key of heads", () => {
  const mounted = (volume: string) =>
    [...services].flatMap(([name, part]) => {
      const [, how] = new RegExp(`\\b${volume}:/${volume}(:ro)?[,\\]]`).exec(part) ?? [null, null];
      return how === null ? [] : [`${name}${how ?? ''}`];
    });
  expect(mounted('signer')).toEqual(['signer']);
  expect(mounted('heads')).toEqual(['api:ro', 'worker:ro', 'relay:ro', 'signer']);
  expect(mounted('erasures')).toEqual(['worker']);
  for (const name of ['api', 'worker', 'relay', 'signer'])
    expect(services.get(name)).toContain('HEAD_KEY_FILE: /heads/head.key');
});

test('every process of the Procfile is there', () => {
  const procfile = readFileSync(join(import.meta.dirname, '../Procfile'), 'utf8');
  const entries = [...procfile.matchAll(/^(?!release|web)\w+: node (\S+)$/gm)].map(([, entry]) => entry);
  expect(entries).toHaveLength(4);
  for (const entry of entries) expect([...services.values()].join('')).toContain(`command: [node, ${entry}]`);
});

test('every container is closed: read-only, without capabilities, bounded in memory', () => {
  expect(services.size).toBe(8);
  for (const [name, part] of services) expect(part, name).toMatch(/<<: \*(closed|plearoll)/);
  for (const line of ['read_only: true', 'cap_drop: [ALL]', 'no-new-privileges:true', 'mem_limit: 512m']) {
    expect(shared).toContain(line);
  }
  for (const name of ['postgres', 'redis']) expect(services.get(name)).toMatch(/mem_limit: \d+[mg]/);
});
