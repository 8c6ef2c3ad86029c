/** The databases of tests that failed, each with the test's name as its comment. */
import pg from 'pg';

export interface FailedDatabase {
  url: string;
  test: string;
}

const OF_A_TEST = 'of a failed test, ';

/** What to run in any database of the server, so that this one is listed. */
export function markFailed(name: string, test: string): string {
  return `comment on database ${name} is ${pg.escapeLiteral(OF_A_TEST + test)}`;
}

/** @param url of any database of the server */
export async function listFailed(url: string): Promise<FailedDatabase[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; comment: string }>(
      `select datname as name, shobj_description(oid, 'pg_database') as comment from pg_database
       where shobj_description(oid, 'pg_database') like $1 order by comment`,
      [`${OF_A_TEST}%`],
    );
    return rows.map(({ name, comment }) => ({
      url: Object.assign(new URL(url), { pathname: `/${name}` }).href,
      test: comment.slice(OF_A_TEST.length),
    }));
  } finally {
    await client.end();
  }
}
