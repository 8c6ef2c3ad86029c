/** Where listeners of one kind of room come in: the admission, the listeners that are there, and how others are refused. */
import type { ProblemBody } from '../../core/definitions/problem.ts';
import type { Admit } from './admission.ts';
import type { Listeners } from './listeners.ts';
import type { Namespace } from './prepared.ts';
import type { BareVisit } from './visit.ts';

export interface Reception {
  admit: Admit;
  listeners: Pick<Listeners<BareVisit>, 'enter' | 'isDraining'>;
  /** Where a refusal on a WebSocket is no HTTP answer, but always a connection that is closed again. */
  inWords?(body: ProblemBody): RefusedInWords;
}

/** A refusal in the words of one kind of room. */
export interface RefusedInWords {
  code: string;
  /** What is said before the connection is closed. */
  message: object;
  close: number;
}

/** Where there is none, a namespace and its paths do not exist. */
export type Receptions = Partial<Record<Namespace, Reception>>;
