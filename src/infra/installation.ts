/** What the database knows about this installation. Reading it is also the check that the schema is there. */
import type { Queryable } from '../core/queryable.ts';

export interface Installation {
  id: string;
  ticket_secret: string;
}

/** @throws with advice when the schema is missing */
export async function readInstallation(db: Queryable): Promise<Installation> {
  try {
    const { rows } = await db.query<Installation>('select id, ticket_secret from installation');
    return rows[0]!;
  } catch (error) {
    if (['42P01', '42501', '22023'].includes((error as { code: string }).code)) {
      throw new Error('The database has no schema yet: run npm run migrate first.', { cause: error });
    }
    throw error;
  }
}
