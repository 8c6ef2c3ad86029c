/**
 * The tables that are projections of the chain, and how their rows hang on a stream. A table that an event writes and
 * that does not stand here makes verification throw: a verifier that does not look must not say that all is well.
 */

export interface ProjectedTable {
  /** Kind of the stream whose events write it. */
  kind: string;
  table: string;
  /** The column that holds the id in the stream's name. */
  owner: string;
  primary_key: readonly string[];
  /** Columns that no event determines. */
  outside: readonly string[];
}

export const PROJECTED: readonly ProjectedTable[] = [
  { kind: 'assignment', table: 'assignments', owner: 'id', primary_key: ['id'], outside: [] },
  {
    kind: 'assignment',
    table: 'rosters',
    owner: 'assignment_id',
    primary_key: ['assignment_id', 'user_id'],
    outside: [],
  },
  { kind: 'assignment', table: 'session_recordings', owner: 'assignment_id', primary_key: ['id'], outside: [] },
  { kind: 'session', table: 'courtroom_sessions', owner: 'id', primary_key: ['id'], outside: [] },
  {
    kind: 'session',
    table: 'session_participations',
    owner: 'session_id',
    primary_key: ['id'],
    outside: ['client_info'],
  },
  { kind: 'session', table: 'session_turns', owner: 'session_id', primary_key: ['id'], outside: [] },
  { kind: 'session', table: 'objections', owner: 'session_id', primary_key: ['id'], outside: [] },
  { kind: 'session', table: 'procedural_violations', owner: 'session_id', primary_key: ['id'], outside: [] },
  { kind: 'session', table: 'exhibits', owner: 'session_id', primary_key: ['id'], outside: [] },
];
