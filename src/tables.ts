/** The tables there are: verification asks this list, and no module. */
import type { Table } from './core/definitions/table.ts';
import { modules } from './modules.ts';

export const tables: readonly Table[] = modules.flatMap((module) => module.tables);

/** A table that is a projection of the chain. */
export type ProjectedTable = Table & { stream: string };

/**
 * The tables that are projections of the chain. A table that an event writes and that does not stand here makes
 * verification throw: a verifier that does not look must not say that all is well.
 */
export const projected = tables.filter((table): table is ProjectedTable => table.stream !== null);
