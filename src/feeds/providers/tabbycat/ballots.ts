/**
 * Results on their way back to a Tabbycat: a ballot of ours as its interface takes it, and the ballots that are there, of which
 * one that is ours is known by what it says. Of theirs no more is kept than that takes.
 */
import { z } from 'zod';
import { inOrder, type Result, type Sheet } from '../../results/sheets.ts';
import { MOST, type Place, type ResultsBack, type Site } from '../provider.ts';
import { PAGE, pathOf } from './paths.ts';
import { type PairingRow, reading, readPairings, side } from './readings.ts';
import { reference } from './references.ts';

const MOST_BALLOTS = 100;

const ballotRow = z.object({
  id: z.int().min(0).transform(String),
  result: z.object({
    sheets: z
      .array(
        z.object({
          adjudicator: reference('adjudicators').nullish(),
          teams: z
            .array(
              z.object({
                side,
                speeches: z
                  .array(z.object({ speaker: reference('speakers').nullish(), score: z.number().nullish() }))
                  .max(MOST.people)
                  .default([]),
              }),
            )
            .max(MOST.people),
        }),
      )
      .max(MOST.people),
  }),
});

/** Of one that is written on there just now there may be no result yet. */
const readBallots = reading(z.array(z.union([ballotRow, ballotRow.pick({ id: true })])).max(MOST_BALLOTS));
const readPosted = reading(ballotRow.pick({ id: true }));

const SIDES = { petitioner: 'aff', respondent: 'neg' } as const;

const ballotsPath = (site: Site, { round, debate }: Place) =>
  `${pathOf(site)}/rounds/${round}/pairings/${debate}/ballots`;

const ballotsAt = async (site: Site, place: Place) =>
  (await site.outbound.get(ballotsPath(site, place), readBallots)).value;

export const resultsBack: ResultsBack = {
  listBallots: async (site, place) => (await ballotsAt(site, place)).map(({ id }) => id),

  async findBallot(site, place, result, before) {
    const ours = saidBy(result);
    const added = (await ballotsAt(site, place)).filter(({ id }) => !before.includes(id));
    return added.find((row) => 'result' in row && saidThere(row) === ours)?.id;
  },

  async prepareBallot(site, place, { sheets, confirm }) {
    const { value } = await site.outbound.list(`${pathOf(site)}/rounds/${place.round}/pairings${PAGE}`, readPairings);
    const pairing = value.find(({ id }) => id === place.debate);
    if (!pairing) return { why: 'debate_gone' };
    const why = whyNot(pairing, sheets);
    if (why !== undefined) return { why };
    const result = { sheets: sheets.map((sheet) => sheetOf(site, pairing, sheet)) };
    return { body: { result, confirmed: confirm, discarded: false } };
  },

  async postBallot(site, place, body) {
    return (await site.outbound.post(ballotsPath(site, place), body, readPosted)).id;
  },
};

function whyNot({ sides_confirmed, teams, adjudicators }: PairingRow, sheets: readonly Sheet[]): string | undefined {
  if (!sides_confirmed) return 'sides_not_confirmed';
  const sides = teams.filter(({ team }) => team).map((team) => team.side);
  if (sides.toSorted().join() !== 'petitioner,respondent') return 'teams_missing';
  const { chair, panellists = [] } = adjudicators ?? {};
  const panel = [...(chair ? [chair] : []), ...panellists];
  const isStranger = sheets.some(({ adjudicator }) => adjudicator !== null && !panel.includes(adjudicator));
  return isStranger ? 'not_on_panel' : undefined;
}

/** Its interface names everything by hyperlinks. */
function sheetOf(site: Site, { teams }: PairingRow, sheet: Sheet): object {
  const link = (noun: string, id: string) => `${site.base_url}${pathOf(site)}/${noun}/${id}`;
  return {
    ...(sheet.adjudicator !== null && { adjudicator: link('adjudicators', sheet.adjudicator) }),
    teams: inOrder(sheet).map(({ side: ours, win, speeches }) => ({
      side: SIDES[ours],
      team: link('teams', teams.find((one) => one.side === ours)!.team!),
      ...(win !== undefined && { win }),
      score: sumOf(speeches.map(({ score }) => score)),
      speeches: speeches.map(({ speaker, score }) => ({ speaker: link('speakers', speaker), score, ghost: false })),
    })),
  };
}

/** Added up as that site does, which compares: in the same order, and in the same numbers. */
const sumOf = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0);

/** What a ballot says, as a text that can be compared: the points of each speaker, by each judge. */
function saidBy({ sheets }: Pick<Result, 'sheets'>): string {
  return textOf(
    sheets.map((sheet) => ({
      adjudicator: sheet.adjudicator,
      teams: inOrder(sheet).map(({ speeches }) => speeches.map(({ speaker, score }) => `${speaker}=${score}`)),
    })),
  );
}

function saidThere({ result }: z.infer<typeof ballotRow>): string {
  const sheets = result.sheets.map(({ adjudicator, teams }) => {
    const of = (wanted: string) => teams.find((team) => team.side === wanted)?.speeches ?? [];
    const points = (wanted: string) => of(wanted).map(({ speaker, score }) => `${speaker}=${score}`);
    return { adjudicator: adjudicator ?? null, teams: [points('petitioner'), points('respondent')] };
  });
  return textOf(sheets);
}

/** The order of the sheets is that site's own. */
function textOf(sheets: readonly { adjudicator: string | null; teams: string[][] }[]): string {
  return sheets
    .map(({ adjudicator, teams }) => `${adjudicator ?? ''}:${teams.map((points) => points.join()).join(';')}`)
    .sort()
    .join('\n');
}
