/** What an import would do, as it is answered, and as a worker does it. */
import type { Base, Field, Wanted } from './fields.ts';

export interface Creation {
  debate: string;
  /** Null until it was made. */
  assignment_id: string | null;
  match: Wanted;
}

export interface Change {
  debate: string;
  assignment_id: string;
  title: string;
  changes: { field: Field; ours: unknown; theirs: unknown }[];
}

export interface Cancellation {
  debate: string;
  assignment_id: string;
  title: string;
}

export interface Left {
  debate: string;
  why: string;
}

export interface Conflict {
  debate: string;
  assignment_id: string;
  /** A field, or `cancelled` where the debate vanished there and was changed here. */
  field: Field | 'cancelled';
  base: unknown;
  ours: unknown;
  theirs: unknown;
}

/** A command on its way to a match that there is. */
export interface Order {
  name: 'assignment.update' | 'assignment.substitute' | 'assignment.cancel';
  debate: string;
  assignment_id: string;
  input: { [field: string]: unknown };
  /** What the mapping keeps once it is applied. */
  keeps: Partial<Base>;
}

/** A debate that is to be known from now on. */
export interface Mapped {
  debate: string;
  round: number;
  base: Base;
  /** What of that is other than it was when it was planned: the rest may be settled by an admin meanwhile. */
  changes: Partial<Base>;
  /** Of the match it is already; undefined of one that is to be made. */
  assignment_id?: string;
  /** The debate that it was until now, which has vanished. */
  was?: string;
}

export interface Plan {
  create: Creation[];
  change: Change[];
  cancel: Cancellation[];
  left: Left[];
  conflicts: Conflict[];
  orders: Order[];
  mapped: Mapped[];
  /** Why somebody has to look at it first; empty where nobody has to. */
  asks: ('cancels' | 'active_session' | 'over_20_percent')[];
}
