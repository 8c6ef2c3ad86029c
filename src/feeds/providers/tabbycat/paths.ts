/** Where a tournament is on its site, and how lists are asked for there. */
import { OutboundError } from '../../../core/definitions/outbound.ts';
import type { Site } from '../provider.ts';

export const PAGE = '?limit=200';
const SLUG = /^[A-Za-z0-9_-]{1,100}$/;

/** @throws OutboundError `refused_url` where the tournament's name would lead elsewhere */
export function pathOf({ tournament }: Pick<Site, 'tournament'>): string {
  if (!SLUG.test(tournament)) throw new OutboundError('refused_url', { place: 'tournament' });
  return `/api/v1/tournaments/${tournament}`;
}
