/** A tournament on the suite's own Tabbycat as a feed of an institution here, with what its admin asks of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { matchIdOf } from '../../src/feeds/matches/matchId.ts';
import { openSharedStates } from '../../src/infra/pace/sharedStates.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { type Answer, type Cast, cast, get, type Json, must, type Person, person, post } from './client.ts';
import { kind, type Stack } from './stack.ts';
import { startTabbycat, type TabbycatOptions, type TestTabbycat } from './tabbycat.ts';
import type { DebateState } from './tabbycatState.ts';

/** What the processes have to be told so that they may ask it. */
export const feedSettings = (secrets: string) => ({ FEED_SECRETS_DIR: secrets, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' });

export interface Tournament {
  site: TestTabbycat;
  people: Cast;
  feed_id: string;
  /** Of its routes. */
  path: string;
  /** A screen in a foyer of the institution. */
  board: Person;
  /** Of the admin. */
  ask(verb: string, body?: Json, headers?: Record<string, string>): Promise<Answer>;
  /** The id under which boards follow it, for as long as its site calls it so. */
  matchOf(debate: DebateState): string;
  /** The assignments of the institution. */
  assignments(): Promise<Json[]>;
  /** Nobody asks its site any more, and nobody would be answered. */
  end(): Promise<void>;
}

/** @param url of an API @param secrets the folder that the processes know */
export async function openTournament(url: string, secrets: string, options: TabbycatOptions): Promise<Tournament> {
  const people = cast();
  const { admin, institution_id } = people;
  const site = await startTabbycat(options);
  const folder = join(secrets, institution_id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tab'), JSON.stringify({ origin: site.url, token: site.token }));
  const named = { provider: 'tabbycat', name: 'Spring Moot', base_url: site.url, tournament: site.slug };
  const { result } = await must(post(url, '/api/feed/create', admin, { ...named, secret_ref: 'tab' }));
  const feed_id = result.id as string;
  const path = `/api/feed/${feed_id}`;
  const ask: Tournament['ask'] = (verb, body = {}, headers = {}) => post(url, `${path}/${verb}`, admin, body, headers);
  return {
    ...{ site, people, feed_id, path, ask },
    board: person('participant', { institution_id, name: 'Foyer' }),
    matchOf: ({ id }) => matchIdOf(feed_id, String(id)),
    assignments: async () => (await must(get(url, '/api/assignment/list?limit=200', admin))).items,
    async end() {
      await ask('disable').catch(() => {});
      await site.stop();
    },
  };
}

/** As after a while in which nobody asked: the feed has all the requests of a minute again. */
export async function forgetPace({ backbones }: Pick<Stack, 'backbones'>, feed_id: string): Promise<void> {
  const [backbone] = backbones as [Backbone];
  const key = paceKey(feed_id);
  if (kind === 'distributed') {
    const client = new Redis(inject('redisUrl')!);
    await client.del(`${backbone.prefix}${key}`);
    await client.quit();
    return;
  }
  const states = openSharedStates(backbone);
  const state = { breaker: { is: 'closed', failures: 0 }, samples: [] };
  await states.change(key, 60_000, () => ({ state, answer: undefined }));
  states.close();
}

/** Where processes keep what they know of a feed's site, without the installation's prefix. */
export const paceKey = (feed_id: string) => `feeds:pace:${feed_id}`;
