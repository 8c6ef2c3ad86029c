/** A person as a command names them: by the feed, and by what its site calls them. */
import type { FactSource } from '../../core/definitions/command.ts';

export interface Naming {
  feed_id: string;
  provider_id: string;
}

const keyOf = ({ feed_id, provider_id }: Naming) => JSON.stringify([feed_id, provider_id]);

/** The join to `feed_people p` of those who are asked for: `$1` and `$2`. */
export const ASKED_PEOPLE = `unnest($1::uuid[], $2::text[]) as asked (feed_id, provider_id)
       join feed_people p using (feed_id, provider_id)`;

/** Facts of people, each by the own naming. @param text selects `feed_id`, `provider_id` and what the fact is made of, from ASKED_PEOPLE */
export function factsOfPeople<Row extends Naming, Fact>(
  text: string,
  factOf: (row: Row) => Fact,
): FactSource<Naming, Fact> {
  return {
    key: ({ input }) => keyOf(input),
    async load(db, keys) {
      const asked = keys.map((key) => JSON.parse(key) as [string, string]);
      const values = [asked.map(([feed_id]) => feed_id), asked.map(([, provider_id]) => provider_id)];
      const { rows } = await db.query<Row>(text, values);
      return new Map(rows.map((row) => [keyOf(row), factOf(row)]));
    },
  };
}
