/** A run: what an admin asked of a feed, for a worker to do. */
import { z } from 'zod';
import { VISIBILITIES } from '../../access/scope.ts';
import { instant } from '../../core/definitions/schemas.ts';
import { workableFormat } from '../../court/formats/feasibleFormat.ts';
import { TEMPLATE_NAMES } from '../../court/formats/templates.ts';
import type { Round } from '../providers/provider.ts';
import type { Terms } from './wanted.ts';

/** As its jobs are called, by who rings and by who answers. */
export const FEED_RUN = 'feed.run';

export const RUN_KINDS = ['sync', 'import', 'upload'] as const;

const planHash = z.string().regex(/^[0-9a-f]{64}$/, 'must be the plan of an answer');

/** How what is planned is to be done. */
export const MANNER = {
  /** Tell the plan, and do nothing. */
  dry_run: z.boolean().default(false),
  /** As a plan was told. */
  plan: planHash.exactOptional(),
};

export const importBody = z.strictObject({
  round: z.int().min(1).max(1_000),
  scheduled_at: instant.exactOptional(),
  format: z.union([z.enum(TEMPLATE_NAMES), workableFormat]).exactOptional(),
  visibility: z.enum(VISIBILITIES).exactOptional(),
  unreleased: z.boolean().default(false),
  ...MANNER,
});

export const syncBody = z.strictObject({
  /** The number of a round: the site is asked for what may be drawn in it, too. */
  availabilities: z.int().min(1).max(1_000).exactOptional(),
});

/** What a run is asked with: it is not begun when that has ended. Instants in seconds since 1970. */
export interface RunToken {
  names: readonly (readonly [claim: string, value: string])[];
  /** Null counts as long ago. */
  issued_at: number | null;
  /** Clocks differ: until then it is taken. */
  taken_until: number;
}

interface Manner {
  dry_run: boolean;
  plan?: string;
}

/** The input of a run, by its kind. */
export interface RunInput {
  sync: { availabilities?: number };
  import: Terms & Manner & { round: number };
  /** Rounds as the spreadsheet had them. */
  upload: Manner & { rounds: Round[] };
}
