/**
 * The grounds of an objection: a closed list. Grounds of the law of evidence name their rule of the Federal Rules of
 * Evidence; points are what an appellate moot hears, which has no witnesses.
 */

/** ground: the rule, or null where there is none. */
export const EVIDENCE = {
  foundation: '104',
  relevance: '401-402',
  unfair_prejudice: '403',
  character: '404-405',
  habit: '406',
  privilege: '501',
  speculation: '602',
  impeachment: '607-609',
  truthfulness: '608',
  argumentative: '611(a)',
  asked_and_answered: '611(a)',
  assumes_facts: '611(a)',
  compound: '611(a)',
  harassing: '611(a)',
  mischaracterises: '611(a)',
  narrative: '611(a)',
  non_responsive: '611(a)',
  vague: '611(a)',
  beyond_scope: '611(b)',
  leading: '611(c)',
  prior_statement: '613',
  lay_opinion: '701',
  expert: '702-705',
  hearsay: '802',
  double_hearsay: '805',
  authentication: '901',
  best_evidence: '1002',
  invention_of_fact: null,
} as const;

export const POINTS = { beyond_the_record: null, misrepresentation: null, procedural: null } as const;

export type Ground = keyof typeof EVIDENCE | keyof typeof POINTS;
export const GROUNDS = [...Object.keys(EVIDENCE), ...Object.keys(POINTS)].sort() as Ground[];

export function isPoint(ground: Ground): boolean {
  return ground in POINTS;
}

/** The number of its Federal Rule of Evidence. */
export function ruleOf(ground: Ground): string | null {
  return ({ ...EVIDENCE, ...POINTS } as Record<Ground, string | null>)[ground];
}
