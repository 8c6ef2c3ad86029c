/** SQL: is a row due? Instants are stored to the millisecond, rounded: what is due now may stand half of one ahead. */
export const IS_DUE = `due_at <= clock_timestamp() + interval '1 millisecond'`;
