/** A round that is brought in from a Tabbycat: from the request of an admin to the answer that all its matches are made, by an API and a worker. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signToken } from '../../src/infra/tokens.ts';
import { startTabbycat } from '../../test/support/tabbycat.ts';
import type { Grounds } from '../grounds.ts';
import { SECRET, startServer } from '../servers.ts';

export interface Imported {
  matches: number;
  seconds: number;
  /** Where nothing has changed since. */
  again_seconds: number;
}

const DATABASE = 'bench_feeds_import';
const TOKEN_SECONDS = 3_600;
const ASK_EVERY_MS = 25;

export async function measureImport(grounds: Grounds, rooms: number): Promise<Imported> {
  const secrets = mkdtempSync(join(tmpdir(), 'plearoll-bench-feeds-'));
  const backing = { databaseUrl: await grounds.openDatabase(DATABASE), redisUrl: grounds.redisUrl };
  const site = await startTabbycat({ rounds: 1, rooms });
  const settings = { FEED_SECRETS_DIR: secrets, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' };
  const server = await startServer('ours', backing, settings);
  try {
    const { institution_id, ask } = adminOf(server.url);
    mkdirSync(join(secrets, institution_id));
    writeFileSync(join(secrets, institution_id, 'tab'), JSON.stringify({ origin: site.url, token: site.token }));
    const naming = {
      provider: 'tabbycat',
      name: 'Bench',
      base_url: site.url,
      tournament: site.slug,
      secret_ref: 'tab',
    };
    const { result } = (await ask('POST', '/api/feed/create', naming)) as { result: { id: string } };
    const bringIn = async () => {
      const began = performance.now();
      const { create } = (await ask('POST', `/api/feed/${result.id}/import`, { round: 1 })) as { create: unknown[] };
      return { made: create.length, seconds: (performance.now() - began) / 1_000 };
    };
    const first = await bringIn();
    if (first.made !== rooms) throw new Error(`${first.made} of ${rooms} matches were made`);
    return { matches: rooms, seconds: first.seconds, again_seconds: (await bringIn()).seconds };
  } finally {
    await server.stop().catch(() => {});
    await site.stop();
    await grounds.dropDatabase(DATABASE);
    rmSync(secrets, { recursive: true, force: true });
  }
}

function adminOf(url: string) {
  const institution_id = randomUUID();
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
  const token = signToken({ sub: randomUUID(), role: 'admin', institution_id, exp }, SECRET);

  /** What takes longer than its request is asked for until it is over. */
  async function ask(method: string, path: string, body?: object): Promise<object> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
    const answer = (await response.json()) as { location?: string; result?: object };
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    if (response.status !== 202) return method === 'GET' ? answer.result! : answer;
    await sleep(ASK_EVERY_MS);
    return ask('GET', answer.location!);
  }

  return { institution_id, ask };
}
