/** Where listeners of one kind of room come in: the admission and the listeners that are there. */
import type { Admit } from './admission.ts';
import type { Listeners } from './listeners.ts';
import type { Namespace } from './prepared.ts';

export interface Reception {
  admit: Admit;
  listeners: Listeners;
}

/** Where there is none, a namespace and its paths do not exist. */
export type Receptions = Partial<Record<Namespace, Reception>>;
