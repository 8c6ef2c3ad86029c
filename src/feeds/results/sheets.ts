/** Sheets of judges as an admin hands them in, in our words. We score nothing: the site adds up, and says who won. */
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { sha256 } from '../../core/chain/sha256.ts';
import type { InputError } from '../../core/definitions/command.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { SIDES } from '../matches/match.ts';

const MOST = { sheets: 20, speeches: 20 } as const;
const MOST_POINTS = 1_000;

/** As the site calls people. */
const siteId = privately(z.string().regex(/^\d{1,15}$/, 'must be the id of the site, in digits'));

const teamSheet = z.strictObject({
  side: z.enum(SIDES),
  /** Where the site is told who won, and does not reckon it. */
  win: z.boolean().exactOptional(),
  /** In the order in which they spoke. */
  speeches: z
    .array(z.strictObject({ speaker: siteId, score: z.number('must be a number').min(0).max(MOST_POINTS) }))
    .min(1)
    .max(MOST.speeches),
});

const sheet = z.strictObject({
  /** Null where the panel has one sheet together. */
  adjudicator: siteId.nullable().default(null),
  teams: z.array(teamSheet).length(2),
});

export const resultBody = z.strictObject({
  sheets: z.array(sheet).min(1).max(MOST.sheets),
  /** Confirmed there at once; else it waits for a tab director. */
  confirm: z.boolean(),
});

export type Sheet = z.output<typeof sheet>;
export interface Result {
  sheets: Sheet[];
  confirm: boolean;
}

/** What a schema cannot say of them. */
export function sheetFaults({ sheets }: Pick<Result, 'sheets'>): InputError[] {
  const order = orderOf(sheets[0]!);
  const names = sheets.map(({ adjudicator }) => adjudicator);
  return sheets.flatMap((one, i) => {
    const at = `/sheets/${i}`;
    const isShared = one.adjudicator === null && sheets.length > 1;
    const isTwice = one.adjudicator !== null && names.indexOf(one.adjudicator) < i;
    const hasBothSides = new Set(one.teams.map(({ side }) => side)).size === 2;
    return [
      ...(isShared ? [{ pointer: `${at}/adjudicator`, detail: 'is needed where there is more than one sheet' }] : []),
      ...(isTwice ? [{ pointer: `${at}/adjudicator`, detail: 'has a sheet already' }] : []),
      ...(hasBothSides ? [] : [{ pointer: `${at}/teams`, detail: 'must be one petitioner and one respondent' }]),
      ...(orderOf(one) === order
        ? []
        : [{ pointer: `${at}/teams`, detail: 'must have the speakers of the first sheet, in its order' }]),
    ];
  });
}

function orderOf(one: Sheet): string {
  return inOrder(one)
    .map(({ speeches }) => speeches.map(({ speaker }) => speaker).join())
    .join(';');
}

/** The petitioner's part first. */
export function inOrder({ teams }: Sheet): Sheet['teams'] {
  return teams.toSorted((one, other) => SIDES.indexOf(one.side) - SIDES.indexOf(other.side));
}

/** What is on record of them. */
export function hashOfResult({ sheets, confirm }: Result): string {
  return sha256(canonicalize({ sheets, confirm })!);
}
