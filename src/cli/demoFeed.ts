/**
 * What the demo shows of tournaments: a round of one that is made up is brought in as a spreadsheet, its people and rooms
 * become matches, and a board follows them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { feeds, type MatchTier } from '../client/node.ts';
import { CSV_COLUMNS } from '../feeds/providers/csv.ts';
import { fixture } from '../feeds/providers/fixture.ts';
import type { Debate, Round, Site } from '../feeds/providers/provider.ts';
import { call, type Json, type Person } from './demoCalls.ts';

const ROOMS = 4;
const AN_HOUR_MS = 3_600_000;
const SOON_MS = 20_000;
const ASK_EVERY_MS = 200;

/** @throws where it is not brought in, or its matches are not told of soon */
export async function showImportedRound(url: string, admin: Person, say: (line: string) => void): Promise<void> {
  const { rounds } = await fixture.fetchSchedule(madeUp());
  const naming = { provider: 'csv', name: 'Demo Moot' };
  const { result: feed } = (await call(url, admin, 'POST', '/api/feed/create', naming)) as { result: Json };
  const sheet = rounds.map(sheetOf).join('\n');
  const path = `/api/feed/${feed.id}/upload`;
  const { create } = (await call(url, admin, 'POST', path, sheet, 'text/csv')) as {
    create: { assignment_id: string }[];
  };
  say(`demo: a round of ${create.length} matches, brought in from a spreadsheet`);
  const matches = await follow(
    url,
    admin,
    create.map(({ assignment_id }) => assignment_id),
  );
  for (const { state } of matches) say(`  board  ${state.courtroom}  ${state.title}: ${state.phase}`);
}

/** The fixture asks nobody: all that it needs is how large it is. */
function madeUp(): Site {
  const starts_at = new Date(Date.now() + AN_HOUR_MS).toISOString();
  return { mapping: { rounds: 1, rooms: ROOMS, starts_at } } as unknown as Site;
}

/** None of its texts has a comma or a quote. */
function sheetOf({ seq, debates }: Round): string {
  return [CSV_COLUMNS.join(), ...debates.map((debate) => rowOf(debate, seq))].join('\n');
}

function rowOf({ id, teams, panel, venue, starts_at }: Debate, round: number): string {
  const [petitioner, respondent] = teams.map(({ speakers }) => speakers.map(({ name }) => name).join(';'));
  const title = teams.map(({ name }) => name).join(' v. ');
  const judges = panel.map(({ name }) => name).join(';');
  return [id, round, title, venue?.name, starts_at, petitioner, respondent, judges].join();
}

/** @returns the matches as a board is told of them, in the order in which they are named */
async function follow(url: string, admin: Person, ids: readonly string[]): Promise<MatchTier[]> {
  await untilListed(url, admin, ids);
  const board = feeds({ url, token: admin.token });
  const told = new Map<string, MatchTier>();
  try {
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error('the board was not told of all matches')), SOON_MS).unref();
      board.on('error', reject);
      board.on('match', (match) => {
        told.set(match.match_id, match);
        if (told.size === ids.length) resolve();
      });
      for (const id of ids) board.subscribe(id);
    });
  } finally {
    board.close();
  }
  return ids.map((id) => told.get(id)!);
}

/** Rooms become matches soon after their commit. */
async function untilListed(url: string, admin: Person, ids: readonly string[]): Promise<void> {
  const ends_at = Date.now() + SOON_MS;
  for (;;) {
    const { items } = (await call(url, admin, 'GET', '/api/match/list')) as { items: { id: string }[] };
    const listed = new Set(items.map(({ id }) => id));
    if (ids.every((id) => listed.has(id))) return;
    if (Date.now() > ends_at) throw new Error('the rooms of the round did not become matches');
    await sleep(ASK_EVERY_MS);
  }
}
