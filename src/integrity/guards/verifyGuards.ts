/**
 * What makes the database itself refuse changes to the record, and keep tenants apart: keys, checks, triggers, row
 * security, rights, and the functions behind them. Verification does not rest on them, but where one is gone or altered
 * an intruder has made room for tampering. The whole database is described anew each time and compared with what the
 * migrations make of it (`expected.json`, written by `npm run describe`).
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { compareDescriptions, type Difference } from './compareDescriptions.ts';
import { type Attributes, type Described, describeDatabase } from './describeDatabase.ts';
import written from './expected.json' with { type: 'json' };
import { judgeDifference } from './judgeDifference.ts';
import { verifyBuiltIns } from './verifyBuiltIns.ts';

export const EXPECTED = written as Described[];
const TABLES = EXPECTED.filter(({ kind }) => kind === 'table').map(({ key }) => key.slice('table '.length));

export interface Guards {
  /** What can write, hide or loosen, in fixed order: none when all stand as the migrations set them. */
  issues: string[];
  /** What else differs, for operators to know; it says nothing against the record. */
  notes: string[];
}

const MAX_ISSUES = 500;
const MAX_NOTES = 100;

export async function verifyGuards(db: Queryable): Promise<Guards> {
  const { prefix, things } = await describeDatabase(db, TABLES);
  const guards: Guards = { issues: [], notes: [] };
  for (const difference of compareDescriptions(EXPECTED, things)) {
    const judgement = judgeDifference(difference);
    const named = (text: string) => withRoleNames(text, prefix);
    if (judgement === 'issue') guards.issues.push(named(`Guard ${issueText(difference)}`));
    if (judgement === 'note') guards.notes.push(named(`Noted: ${noteText(difference)}`));
  }
  guards.issues.push(...(await verifyBuiltIns(db)));
  return { issues: first(guards.issues, MAX_ISSUES), notes: first(guards.notes, MAX_NOTES) };
}

function first(texts: string[], most: number): string[] {
  if (texts.length <= most) return texts;
  return [...texts.slice(0, most), `... and ${texts.length - most} more of the database`];
}

/** Attributes that say whether a guard is at work, and those that say how much it lets through. */
const AT_WORK = [
  ...['enabled', 'forced', 'validated', 'in force', 'valid', 'index valid'],
  ...['triggers in force', 'checks in force'],
];
const LETS_THROUGH = ['owner', 'not null', 'grantable', 'security definer'];
/** What is added of these opens; it stands guard over nothing. */
const OPENING = ['grant', 'default grant', 'membership', 'setting', 'schema', 'view', 'subscription'];
/** Of these it is enough to say that they changed: the definition is long. */
const DEFINED = ['constraint', 'index', 'trigger', 'rule', 'policy', 'function'];

function issueText(difference: Difference): string {
  const { what, thing } = difference;
  if (what === 'missing') return `missing: ${thing.key}`;
  if (what === 'added')
    return `${OPENING.includes(thing.kind) ? 'loosened' : 'added'}: ${thing.key}${settingOf(thing)}`;
  const { was, attributes } = difference;
  if (attributes.some((name) => AT_WORK.includes(name))) return `disabled: ${thing.key}`;
  const loosened = attributes.filter((name) => thing.kind === 'role' || LETS_THROUGH.includes(name));
  if (loosened.length > 0) return `loosened: ${thing.key} (${changes(thing.is, was, loosened)})`;
  return `changed: ${thing.key}${DEFINED.includes(thing.kind) ? '' : ` (${changes(thing.is, was, attributes)})`}`;
}

function noteText(difference: Difference): string {
  const { what, thing } = difference;
  if (what !== 'changed') return `${thing.key} ${what}${settingOf(thing)}`;
  return `${thing.key} changed (${changes(thing.is, difference.was, difference.attributes)})`;
}

function settingOf({ kind, is }: Described): string {
  return kind === 'setting' ? `: ${shown(is.value)}` : '';
}

function changes(is: Attributes, was: Attributes, names: string[]): string {
  return names.map((name) => `${name} is ${shown(is[name])}, should be ${shown(was[name])}`).join('; ');
}

function shown(value: string | boolean | null | undefined): string {
  const text = String(value ?? 'nothing');
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** As they are called in this database. */
function withRoleNames(text: string, prefix: string): string {
  return text
    .replaceAll(/<(api|door|worker|relay|verifier|queue)>/g, `${prefix}_$1`)
    .replaceAll(/<(owner|superuser)>/g, 'the $1')
    .replaceAll('<public>', 'public');
}
