/** Where the particulars of cards are: a row for each card that was written, of which the last is the current one. */
import { drawRandom } from '../core/chain/random.ts';
import type { FactSource } from '../core/definitions/command.ts';
import { groupBy } from '../core/groupBy.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { commitmentOf, type Particulars } from './particulars.ts';

const PUT = {
  name: 'put-contact-details',
  text: 'insert into contact_details (id, user_id, name, email, phone, salt) values ($1, $2, $3, $4, $5, $6)',
};

/** Before its command is stored, and current once that is applied. @returns the commitment */
export async function putDetails(
  db: Queryable,
  { id, user_id, ...particulars }: Particulars & { id: string; user_id: string },
): Promise<string> {
  const salt = drawRandom(32);
  const { name, email, phone } = particulars;
  await db.query({ ...PUT, values: [id, user_id, name, email, phone, salt] });
  return commitmentOf(salt, particulars);
}

/** The commitments of a person's cards as they are kept now, by the row: that of the current one, and of those on their way. */
export const keptCommitments: FactSource<{ user_id: string }, ReadonlyMap<string, string>> = {
  key: ({ input }) => input.user_id,
  async load(db, keys) {
    const text = 'select id, user_id, name, email, phone, salt from contact_details where user_id = any($1)';
    const { rows } = await db.query<Particulars & { id: string; user_id: string; salt: Buffer }>(text, [keys]);
    const byUser = [...groupBy(rows, (row) => row.user_id)];
    return new Map(
      byUser.map(([user, own]) => [user, new Map(own.map((row) => [row.id, commitmentOf(row.salt, row)]))]),
    );
  },
};

/** Of a reader to whom the record says that they were revealed; for all others there are none. */
export async function readDetails(db: Queryable, user_id: string): Promise<Particulars | null> {
  const text = 'select name, email, phone from contact_details where user_id = $1';
  const { rows } = await db.query<Particulars>({ name: 'read-contact-details', text, values: [user_id] });
  return rows[0] ?? null;
}

/** May the reader that the transaction declares have the card of this person revealed? The database's own function says so. */
export async function mayReveal(db: Queryable, user_id: string): Promise<boolean> {
  const text = 'select may_reveal($1) as may';
  const { rows } = await db.query<{ may: boolean }>({ name: 'may-reveal', text, values: [user_id] });
  return rows[0]!.may;
}
