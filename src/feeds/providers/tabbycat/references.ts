/** Ids out of hyperlinks. Only the end of the path is read: no hyperlink of a body is ever followed. */
import { z } from 'zod';

export type Kind = 'teams' | 'adjudicators' | 'venues' | 'speakers';

/** `https://…/teams/12` is 12, wherever it leads to. */
export function reference(kind: Kind) {
  const end = new RegExp(`/${kind}/(\\d{1,15})/?$`);
  return z.string().transform((href, context) => {
    const id = end.exec(pathOf(href))?.[1];
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: `leads to none of the ${kind}` });
    return z.NEVER;
  });
}

/** Of hyperlinks of several kinds the ids of one. */
export function idsAmong(hrefs: readonly string[], kind: Kind): string[] {
  const one = reference(kind);
  return hrefs.flatMap((href) => one.safeParse(href).data ?? []);
}

function pathOf(href: string): string {
  return URL.canParse(href, 'https://nowhere.invalid') ? new URL(href, 'https://nowhere.invalid').pathname : '';
}
