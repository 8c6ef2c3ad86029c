/**
 * What a difference means. What can write, hide or loosen is an issue, and the record does not count as intact while it
 * stands; the rest is a note for operators. What is not decided here is an issue.
 */
import type { Difference } from './compareDescriptions.ts';
import type { Attributes } from './describeDatabase.ts';

export type Judgement = 'issue' | 'note' | 'nothing';
type Change = Extract<Difference, { what: 'changed' }>;
type Rule = {
  missing?: Judgement | ((was: Attributes, key: string) => Judgement);
  added?: Judgement | ((is: Attributes) => Judgement);
  changed?: (is: Attributes, change: Change) => Judgement;
};

const issueIf = (isIssue: unknown): Judgement => (isIssue ? 'issue' : 'note');

const RULES: { [kind: string]: Rule } = {
  // A table too many is nobody's business of ours, and what it is copied by neither.
  table: {
    added: 'note',
    changed: (_, { attributes }) => issueIf(attributes.some((name) => name !== 'replica identity')),
  },
  sequence: { added: 'note' },
  // A default is an expression that runs with every row; NOT NULL without one refuses every row.
  column: { added: (is) => issueIf(is.default || is.generated || is.identity || is['not null']) },
  constraint: {},
  // An index without uniqueness or code in it decides nothing but speed.
  index: {
    missing: (was) => issueIf(was.unique),
    added: (is) => issueIf((is.unique && !is['as another']) || is['runs code']),
    changed: (is, { was, attributes }) =>
      issueIf((was.unique || is.unique || is['runs code']) && attributes.some((name) => name !== 'as another')),
  },
  trigger: {},
  'event trigger': { added: (is) => issueIf(!is['of an extension']) },
  rule: {},
  'row security': {},
  policy: {},
  function: {},
  operator: {},
  cast: {},
  type: { added: 'note' },
  view: { added: (is) => issueIf(is.writable) },
  subscription: {},
  publication: { added: 'note' },
  statistics: { added: 'note' },
  extension: { added: 'note' },
  // One that comes before `public` puts its own tables and functions in the place of ours.
  schema: {
    added: (is) => issueIf(is['before public']),
    changed: (is, { thing }) => (thing.key === 'schema bullmq' ? 'issue' : ownership(is)),
  },
  database: { changed: ownership },
  role: { changed: (is, { attributes }) => issueIf(attributes.some((name) => is[name] === true)) },
  membership: { added: membership },
  setting: { added: ({ name }) => issueIf(!HARMLESS_SETTING.test(String(name))) },
  // A right that is gone stops a process, and opens nothing.
  grant: {
    missing: (was) => (was.to === '<public>' ? 'nothing' : 'note'),
    added: grant,
    changed: (is) => issueIf(is.grantable),
  },
  'default grant': { added: (is) => issueIf(is['to ours'] || is.to === '<public>' || is.privilege !== 'select') },
};

/** Of a connection's beginnings: looks, patience, memory, plans and logs. None of them changes what a statement may do. */
const HARMLESS_SETTING = new RegExp(
  `^(${[
    'timezone|datestyle|intervalstyle|lc_\\w+|client_\\w+|extra_float_digits|bytea_output|application_name',
    '\\w+_timeout|\\w*work_mem|temp_buffers|max_parallel_\\w+|\\w+_io_concurrency',
    'enable_\\w+|\\w+_cost|jit\\w*|plan_cache_mode|effective_cache_size|default_statistics_target|constraint_exclusion',
    'log_\\w+|track_\\w+|auto_explain\\.\\w+|pgaudit\\.\\w+|pg_stat_statements\\.\\w+',
  ].join('|')})$`,
  'i',
);

export function judgeDifference(difference: Difference): Judgement {
  const { kind, is, key } = difference.thing;
  const rule = RULES[kind]?.[difference.what];
  if (rule === undefined) return 'issue';
  if (typeof rule === 'string') return rule;
  return difference.what === 'changed'
    ? (rule as NonNullable<Rule['changed']>)(is, difference)
    : (rule as (is: Attributes, key: string) => Judgement)(is, key);
}

/** The owner of the database or of a schema may drop what is in it; one of our roles has no business to. */
function ownership(is: Attributes): Judgement {
  if (is.owner === '<superuser>') return 'nothing';
  return issueIf(is['owner is ours']);
}

/** Ours are members of nothing. A member of one that only reads, or may only pass it on, can write nothing. */
function membership(is: Attributes): Judgement {
  const reads = ['<api>', '<relay>', '<verifier>'].includes(String(is.in));
  return issueIf(is['of ours'] || !(reads || is.login || is['to pass on']));
}

/** Rights of strangers that change nothing of ours; what a stranger may read is for operators to judge. */
const NOTED = ['select', 'references', 'maintain', 'execute'];

function grant({ privilege, on, to, ...is }: Attributes): Judgement {
  const isEverybodys = is['to ours'] || to === '<public>';
  if (on === 'database' && privilege !== 'create') return 'nothing';
  if (on === 'database') return issueIf(isEverybodys);
  if (on === 'schema public' && privilege === 'usage') return 'note';
  return issueIf(isEverybodys || is.grantable || !NOTED.includes(String(privilege)));
}
