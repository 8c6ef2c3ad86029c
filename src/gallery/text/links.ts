/** Links in a text, those included that were written so that no machine finds them. */
import { LinkifyIt } from 'linkify-it';
import { isRefusedHost } from './refusedHosts.ts';

export const MAX_LINKS = 2;

/** Endings of names beyond two letters and those that the library knows. */
const ENDINGS = 'app chat click club dog group ink link live me one online page ph site store top vip win xyz'.split(
  ' ',
);
/** Endings that are words, too: after a full stop without a space they begin the next sentence. */
const WORDS = new Set('am as at be by do in is it me my no of so to us we'.split(' '));
/** Addresses that open a messenger without a host. */
const MESSENGER_SCHEME =
  /(?<![a-z])(?:tg|whatsapp|viber|skype|signal|sgnl|discord|weixin|snapchat|kik):(?:\/\/|[a-z0-9+?])/;
/** A full stop as it is written to be overlooked: "(dot)", "[.]", " dot ", " . ". */
const WRITTEN_STOP = /\s{0,3}[([{]\s?(?:dot|\.|punkt|point)\s?[)\]}]\s{0,3}|\s{1,3}(?:dot|\.)\s{1,3}/g;

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, urlAuth: true }).tlds(ENDINGS, true);

interface Link {
  raw: string;
  host: string;
  /** Empty where none is written. */
  schema: string;
}

/** How many links a reader could follow; sentences that lack the space between them are none. */
export function countLinks(skeleton: string): number {
  return linksIn(skeleton).filter(({ raw, host, schema }) => {
    const ending = host.slice(host.lastIndexOf('.') + 1);
    return schema !== '' || raw !== host || !WORDS.has(ending);
  }).length;
}

/** Is there a link that hides where it leads, or that leads into a messenger? */
export function hasRefusedLink(skeleton: string): boolean {
  if (MESSENGER_SCHEME.test(skeleton)) return true;
  return [...new Set([skeleton, skeleton.replace(WRITTEN_STOP, '.')])].some((text) =>
    linksIn(text).some(({ host }) => isRefusedHost(host)),
  );
}

/** No link of any kind is without one of these. */
const OF_LINKS = /[.:@]|\/\//;

function linksIn(text: string): Link[] {
  if (!OF_LINKS.test(text)) return [];
  return (linkify.match(text) ?? []).map(({ raw, url, schema }) => ({ raw, host: hostOf(url), schema }));
}

function hostOf(url: string): string {
  if (url.startsWith('mailto:')) return url.slice(url.lastIndexOf('@') + 1);
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : '';
}
