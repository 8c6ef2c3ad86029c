/** A verification's report as a person reads it: the verdict, the first broken place, and what the verdict rests on. */
import type { BundleReport, Check, Finding } from '../verifier/report.ts';

const MAX_LISTED = 20;

/** What each finding means, in words. */
const MEANINGS: { [check in Check]: string } = {
  file: 'a file that no bundle has',
  envelope: 'a line that is no envelope',
  sequence: 'an event is missing, doubled or out of its order',
  link: 'the event does not name the hash of the one before it: one of the two was changed',
  time: 'the event is older than the one before it',
  stream: 'an event of another stream',
  ending: 'an event after the end',
  payload: 'the payload is not what the event committed to',
  payload_missing: 'the payload is missing, and no event erased it',
  payload_unexpected: 'a payload without an event',
  erasure: 'the payload is missing, and what is shown for it is no erasure',
  exhibit: 'the file is not the one that was uploaded',
  exhibit_missing: 'the file is missing',
  exhibit_unexpected: 'a file that no event names',
  session: 'session.json does not stand where the events end',
  state: 'session.json is not what the events fold into',
  proof: 'the proof is malformed, or not for these events',
  leaf: 'the events are not those in the log',
  checkpoint: 'the checkpoint is not one of the log with your key, or not consistent with yours',
};

export function reportText(report: BundleReport): string {
  const { verdict, findings, findings_omitted, reasons, notes, anchor, head, stream, counts } = report;
  const lines = [headline(report), ''];
  if (stream !== null) lines.push(`stream   ${stream}`);
  if (head) lines.push(`head     ${head.event_sequence} ${head.event_hash}`);
  const counted = Object.entries(counts).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
  if (counted.length > 0) lines.push(`checked  ${counted.join(', ')}`);
  if (anchor)
    lines.push(
      `anchor   ${anchor.origin}, size ${anchor.size}, root ${anchor.root}, given from ${anchor.from === 'outside' ? 'outside' : 'inside the bundle, signed with your key'}`,
    );
  if (findings.length > 0) lines.push('', 'The first broken place:', ...placeOf(findings[0]!));
  const others = findings.slice(1, MAX_LISTED);
  if (others.length > 0) lines.push('', 'Then:', ...others.flatMap(placeOf));
  const more = findings.length + findings_omitted - 1 - others.length;
  if (findings.length > 0 && more > 0) lines.push(`  and ${more} more`);
  if (verdict !== 'tampered' || reasons.length > 0) lines.push(...reasons.map((reason) => `not verified: ${reason}`));
  lines.push(...notes.map((note) => `note: ${note}`));
  return `${lines.join('\n')}\n`;
}

function headline({ verdict }: BundleReport): string {
  if (verdict === 'tampered') return 'TAMPERED: this is not the record, or not all of it.';
  if (verdict === 'unverifiable') return 'UNVERIFIABLE: nothing wrong was found, and it is not proved right.';
  if (verdict === 'intact@self')
    return 'INTACT (self): the bundle agrees with itself. That it is the record, only a key and a checkpoint say.';
  return 'INTACT (anchored): every event is the one that the log committed to, under the key that you gave.';
}

function placeOf({ check, stream, event_sequence, index, expected, got }: Finding): string[] {
  const at = event_sequence === null ? '' : ` at sequence ${event_sequence}${stream === null ? '' : ` of ${stream}`}`;
  const leaf = index === null ? '' : `, leaf ${index}`;
  const lines = [`  ${check}${at}${leaf}: ${MEANINGS[check]}`];
  if (expected !== null) lines.push(`    expected ${expected}`);
  if (got !== null) lines.push(`    got      ${got}`);
  return lines;
}
