/**
 * How many transactions of one process are under way at once on the court's streams: of an API that stores commands, and
 * of a worker that applies them. A measurement sets another number, before anything reads it.
 */
export const courtLanes = { count: 2 };
