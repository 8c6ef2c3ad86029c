/**
 * What verification words as issues, taken apart for programs: the check, the place, what should be there and what is. The
 * words are fixed by the contract, so they can be read again; an issue in other words is told whole. Pure.
 */
export interface RunFinding {
  check: string;
  stream: string | null;
  event_sequence: number | null;
  /** In the log. */
  index: number | null;
  expected: string | null;
  got: string | null;
}

const MAX_SHOWN = 200;

/** Names of groups: n is a sequence, i an index, s a stream, want and got the two values. */
const FORMS: [check: string, form: RegExp][] = [
  ['hash', /^Hash mismatch at sequence (?<n>\d+): stored=(?<got>.*), computed=(?<want>.*)$/],
  ['sequence', /^Sequence gap: expected (?<want>\d+), got (?<n>(?<got>\d+))$/],
  ['link', /^Broken link at sequence (?<n>\d+): previous_hash=(?<got>.*), expected=(?<want>.*)$/],
  ['time', /^Time runs backwards at sequence (?<n>\d+)/],
  ['payload', /^Payload unreadable at sequence (?<n>\d+)/],
  ['payload_missing', /^Payload missing at sequence (?<n>\d+)/],
  ['payload_unexpected', /^Payload without an event at sequence (?<n>\d+)/],
  ['erasure', /^(?:Erased payload present|Erasure .*?) at sequence (?<n>\d+)/],
  ['head', /^Head mismatch: the head says (?<got>.*), the last event is (?<want>.*)$/],
  ['head', /^(?:Head|Stream) (?:mismatch|missing)/],
  ['exhibit', /^File of /],
  ['state', /^Projection mismatch in (?<got>.* is .*), the chain says (?<want>.*)$/],
  ['state', /^(?:State digest|Event count) mismatch at sequence (?<n>\d+): stored=(?<got>.*), computed=(?<want>.*)$/],
  ['leaf', /^Leaf mismatch at (?<i>\d+): leaf=(?<want>.*), event (?:(?<n>\d+)|null) of (?<s>[^=]*)=(?<got>.*)$/],
  ['leaf', /^Leaf out of order: (?<i>\d+), event (?:(?<n>\d+)|null) of (?<s>.*)$/],
  ['leaf', /^Leaf missing: (?<i>\d+)$/],
  ['tile', /^Tile mismatch: /],
  ['checkpoint', /^Checkpoint note of (?<got>size \d+ .*)$/],
  ['checkpoint', /^Checkpoint mismatch at size \d+: signed=(?<want>.*), computed=(?<got>.*)$/],
];

/** @param otherwise the check of an issue in words of its own */
export function findingOf(issue: string, stream: string | null, otherwise: string): RunFinding {
  for (const [check, form] of FORMS) {
    const found = form.exec(issue);
    if (!found) continue;
    const { n, i, s, want, got } = found.groups ?? {};
    return {
      ...{ check, stream: s ?? stream, event_sequence: n ? Number(n) : null, index: i ? Number(i) : null },
      ...{ expected: want === undefined ? null : shown(want), got: shown(got ?? (want === undefined ? issue : '')) },
    };
  }
  return { check: otherwise, stream, event_sequence: null, index: null, expected: null, got: shown(issue) };
}

/** The stream that an issue of the log names. */
export function streamNamedBy(issue: string): string | null {
  return findingOf(issue, null, 'log').stream;
}

/** Well-formed wherever it is cut: it is signed as canonical JSON. */
function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
