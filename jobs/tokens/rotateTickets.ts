/**
 * Replaces the secret that observers' tickets are signed with. The one that signs from now on has been honoured for a day, and
 * the one that did is honoured for a day more: a ticket is good for 15 minutes, and every process looks each minute.
 */
import { defineJob } from '../job.ts';

/** A second run of a tick, or one by hand, would throw away a secret that is in use. */
const LEAST_HOURS = 12;

const ROTATE = `
  update ticket_secrets
  set last_secret = secret, secret = next_secret, next_secret = default, rotated_at = clock_timestamp()
  where rotated_at < clock_timestamp() - interval '${LEAST_HOURS} hours'`;

export const rotateTickets = defineJob({
  name: 'rotate.tickets',
  summary: "Replaces the secret of observers' tickets; those that were given out stay good",
  most_ms: 30_000,
  async run({ pool, progress }) {
    const { rowCount } = await pool.query(ROTATE);
    await progress(1, 1);
    return { rotated: rowCount === 1 };
  },
});
