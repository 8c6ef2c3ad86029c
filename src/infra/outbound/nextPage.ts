/** The next page of a list, as a Link header names it (RFC 8288): followed within the base URL alone. */
import { OutboundError } from '../../core/definitions/outbound.ts';

/** `<https://…>; rel="next"`. A target may hold commas. */
const LINK = /<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next)(?=\s*(?:;|$))/i;
const MOST_CHARACTERS = 8_192;

/**
 * @param here the page that has the header
 * @returns undefined where it is the last
 * @throws OutboundError `endless_pages` where it leads out of the base URL
 */
export function nextPageOf(header: string | undefined, here: URL, base: URL): URL | undefined {
  if (header === undefined) return undefined;
  if (header.length > MOST_CHARACTERS) throw new OutboundError('endless_pages');
  const target = [...header.matchAll(LINK)].find(([, , parameters]) => NEXT.test(parameters!))?.[1];
  if (target === undefined) return undefined;
  if (!URL.canParse(target, here.href)) throw new OutboundError('endless_pages');
  const next = new URL(target, here);
  if (!isWithin(next, base)) throw new OutboundError('endless_pages');
  next.hash = '';
  return next;
}

/** Of the same origin, without a user, and below the same path. */
export function isWithin(url: URL, base: URL): boolean {
  const root = base.pathname.replace(/\/*$/, '/');
  return url.origin === base.origin && url.username === '' && url.password === '' && url.pathname.startsWith(root);
}
