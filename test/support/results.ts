/** Matches of a tournament's site to which results can be sent back, as a poll would have stored them. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, type Person, post } from './client.ts';
import type { Stack } from './stack.ts';
import { startTabbycat, type TestTabbycat } from './tabbycat.ts';
import type { DebateState } from './tabbycatState.ts';

/** A site at which nobody answers. Its network must be allowed. */
export const NOBODY_THERE = { base_url: 'http://127.0.0.1:9', tournament: 'harbour2026' };

export interface TabSite {
  base_url: string;
  tournament: string;
  secret_ref?: string;
}

/** A feed of this site, and one match of it, of so long ago that no poll asks for it. @param debate as the site calls it, of its first round */
export async function makeTabMatch(
  { pool, url }: Pick<Stack, 'pool' | 'url'>,
  admin: Person,
  site: TabSite,
  debate = '10001',
): Promise<{ feed_id: string; match_id: string }> {
  const naming = { provider: 'tabbycat', name: 'Harbour Moot', ...site };
  const { result } = await must(post(url, '/api/feed/create', admin, naming));
  const match_id = randomUUID();
  await pool.query(
    `insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, title, listed_at, phase, published)
     values ($1, $2, 'institution', 'tabbycat', $3, $4, 1, 'Harbour v. Atlas', now() - interval '3 days', 'scoring', true)`,
    [match_id, admin.institution_id, result.id, debate],
  );
  await pool.query(
    `insert into match_state (match_id, version, seq, state, source, updated_at) values ($1, 1, 0, '{"phase":"scoring"}', 1, now())`,
    [match_id],
  );
  return { feed_id: result.id, match_id };
}

export interface TabMatch {
  site: TestTabbycat;
  debate: DebateState;
  feed_id: string;
  match_id: string;
}

/** A site of one round, a feed of it with its token among these secrets, and the match of its first debate. */
export async function openTabMatch(stack: Stack, admin: Person, secrets: string): Promise<TabMatch> {
  const site = await startTabbycat({ rounds: 1, rooms: 2 });
  const debate = site.round(1).debates[0]!;
  const folder = join(secrets, admin.institution_id!);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tab'), JSON.stringify({ origin: site.url, token: site.token }));
  const naming = { base_url: site.url, tournament: site.slug, secret_ref: 'tab' };
  return { site, debate, ...(await makeTabMatch(stack, admin, naming, String(debate.id))) };
}
