/** Tabbycats of the suite's own, in a process of their own: what they cost is no cost of a poll. Told how many rooms each has. */
import { startTabbycat } from '../../test/support/tabbycat.ts';

export interface SitesMessage {
  kind: 'sites';
  sites: { url: string; slug: string; token: string }[];
}

const sites = await Promise.all(
  process.argv.slice(2).map((rooms) => startTabbycat({ rounds: 1, rooms: Number(rooms) })),
);
process.send!({
  kind: 'sites',
  sites: sites.map(({ url, slug, token }) => ({ url, slug, token })),
} satisfies SitesMessage);
process.once('disconnect', () => process.exit(0));
