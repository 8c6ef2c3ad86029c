/**
 * A table that a noun keeps. What it belongs to, what of it stands outside the chain, when its rows freeze, for whom the
 * API reads them and how the door finds them is said here once: verification and the tests of rights, tenancy, freezing
 * and tampering are loops over these. Migrations stay text, and the database is compared with the definition by a test.
 */

export interface Table {
  readonly name: string;
  /** Kind of the stream whose events write its rows; null where no event does. */
  readonly stream: string | null;
  /** The column that holds the id of the stream that a row belongs to. */
  readonly owner: string;
  readonly primary_key: readonly string[];
  /** Columns that no event determines. */
  readonly outside: readonly string[];
  /** Kind of the stream with whose seal its rows stop changing. */
  readonly frozen_with: string | null;
  /** Its rows are added, and never changed or removed. */
  readonly append_only: boolean;
  /** But that they lose texts, where an erasure of their stream's events takes them out. */
  readonly loses_texts: boolean;
  /** Which rows the API shows. */
  readonly visible: Visibility;
  /** The field of an input that names a row, for the door to look for within the stream that owns it. */
  readonly found_by?: string;
  /** The column that names the only person for whom the door finds the row; null in it is anybody. */
  readonly found_for?: string;
  /** Columns that say who may see what: beside what finds a row, all that the door reads. */
  readonly scope: readonly string[];
}

/** By the row's own facts of scope, to everybody of the institution that owns it, with the row of another table that a column names, or none. */
export type Visibility = 'in_scope' | 'to_nobody' | 'to_institution' | { readonly with: string; readonly by: string };

const DEFAULTS = { outside: [], frozen_with: null, append_only: false, loses_texts: false, scope: [] } as const;

type TableParts = Omit<Table, keyof typeof DEFAULTS> & Partial<Pick<Table, keyof typeof DEFAULTS>>;

/** Literal types are kept, so that a command that is found by a table's field has that field in its input. */
export function defineTable<const Parts extends TableParts>(parts: Parts): Table & Parts {
  return { ...DEFAULTS, ...parts };
}
