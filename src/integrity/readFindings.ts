/** Reading what verification found, the newest first. A finding stays when it is resolved. */
import { z } from 'zod';
import { at, count, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE, exampleId } from '../core/definitions/exampleValues.ts';
import { pageOf, pageQuery, withinPage } from '../core/definitions/page.ts';
import { defineQuery } from '../core/definitions/query.ts';
import { id, instant } from '../core/definitions/schemas.ts';

const findingAnswer = named(
  'Finding',
  z.strictObject({
    id: uuid,
    /** The job that first found it. */
    job: text,
    /** Null where it speaks of the database's guards. */
    stream: text.nullable(),
    /** As verification words them, the first 100. */
    issues: z.array(text),
    issues_omitted: count,
    found_at: at,
    last_seen_at: at,
    resolved_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.event_id, job: 'verify.recent', stream: `session:${exampleId('12')}` },
    ...{ issues: ['Sequence gap: expected 5, got 7'], issues_omitted: 0 },
    ...{ found_at: EXAMPLE.started_at, last_seen_at: EXAMPLE.now, resolved_at: null },
  },
);
const findingList = listOf('FindingList', findingAnswer);
export type KeptFinding = z.output<typeof findingAnswer>;

const PAGE = withinPage(`
  select id, job, stream, issues, issues_omitted, found_at, last_seen_at, resolved_at from findings
  where ($1 = 'all' or (resolved_at is null) = ($1 = 'open'))
    and ($2::timestamptz is null or (found_at, id) < ($2, $3::uuid))
  order by found_at desc, id desc limit $4`);

export const readFindings = defineQuery({
  name: 'findings.list',
  route: 'GET /ops/findings',
  summary: 'What the timed jobs found wrong with the record, the newest first',
  roles: ['super_admin'],
  query: z.strictObject({ ...pageQuery([instant, id]), state: z.enum(['open', 'resolved', 'all']).default('open') }),
  target: () => null,
  answer: findingList,
  async read({ db, query }) {
    const [before_time = null, before_id = null] = query.cursor ?? [];
    const { rows } = await db.query<KeptFinding>(PAGE, [query.state, before_time, before_id, query.limit + 1]);
    const resource = (row: KeptFinding) => ({ ...row });
    return pageOf(rows, query, resource, (row) => [row.found_at, row.id]);
  },
});
