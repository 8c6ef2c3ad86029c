/** Rounds as providers tell of them. */
import type { Debate, Round } from '../../src/feeds/providers/provider.ts';

/** Debate `n` of two teams and three judges, that could be imported as it is. */
export function debateOf(n: number, changes: Partial<Debate> = {}): Debate {
  const team = (side: 'petitioner' | 'respondent', k: number) => ({
    ...{ side, id: `t${k}`, name: `Team ${k}` },
    speakers: [1, 2].map((s) => ({ id: `s${k}.${s}`, name: `Speaker ${k}.${s}` })),
  });
  const judge = (place: 'chair' | 'panellist' | 'trainee', k: number) => ({
    ...{ id: `j${n}.${k}`, name: `Judge ${n}.${k}`, place },
  });
  return {
    ...{ id: `d${n}`, title: null, teams: [team('petitioner', 2 * n - 1), team('respondent', 2 * n)] },
    panel: [judge('panellist', 2), judge('chair', 1), judge('trainee', 4), judge('panellist', 3)],
    ...{ venue: { id: `v${n}`, name: `Room ${n}` }, sides_confirmed: true, result: 'none', starts_at: null },
    ...changes,
  };
}

export function roundOf(debates: Debate[], changes: Partial<Round> = {}): Round {
  return {
    ...{ seq: 1, name: 'Round 1', draw_status: 'R', silent: false, starts_at: '2026-11-28T10:00:00.000Z', debates },
    ...changes,
  };
}
