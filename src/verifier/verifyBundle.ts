/**
 * Verifies a bundle, wherever it lies: without a server, a database, a clock or anything of Node. It reads each file once
 * from its beginning, and holds no more of it in memory than a piece.
 */
import { type Anchor, openAnchor } from './anchor.ts';
import { type Chain, hashOfLine, startChain } from './envelopes.ts';
import { fileOf, judgeFiles, type NamedFile } from './exhibits.ts';
import { linesOf } from './lines.ts';
import { payloadLinesOf } from './payloadLines.ts';
import { judgePayload } from './payloads.ts';
import { type BundleLevel, type BundleReport, startTally, type Tally, verdictOf } from './report.ts';
import { judgeSession, type StateFold } from './sessionFile.ts';
import { startSoundEvents } from './soundEvents.ts';
import { type BundleSource, readText, UnreadableBundle } from './source.ts';

export interface VerifyOptions {
  level: BundleLevel;
  /** For level `anchored`; from anywhere but the bundle. */
  keys?: readonly string[];
  checkpoint?: string | null;
  consistency?: readonly string[] | null;
  /** Begins to fold a session of that id. */
  fold?: (session_id: string) => StateFold;
  /** Told of the events verified so far, every thousand. */
  progress?: (events: number) => void;
}

/** All that stands in a bundle besides the exhibits. */
const FILES = [
  'events.ndjson',
  'payloads.ndjson',
  'session.json',
  'proof.json',
  'checkpoint.note',
  'vkeys.txt',
  'README.txt',
];
const MAX_SESSION_BYTES = 4_194_304;
const PROGRESS_EVERY = 1_000;

export async function verifyBundle(source: BundleSource, options: VerifyOptions): Promise<BundleReport> {
  const tally = startTally();
  const chain = startChain(tally);
  let anchored: BundleReport['anchor'] = null;
  try {
    judgeNames(source, tally);
    const { keys = [], checkpoint = null, consistency = null } = options;
    const anchor = options.level === 'self' ? null : await openAnchor(source, { keys, checkpoint, consistency }, tally);
    const { named, fold, hasErased } = await judgeEvents(source, chain, anchor, options, tally);
    anchored = anchor?.end() ?? null;
    await judgeFiles(source, named, hasErased, tally);
    judgeSession(await readText(source, 'session.json', MAX_SESSION_BYTES), chain, fold, tally);
  } catch (fault) {
    if (!(fault instanceof UnreadableBundle)) throw fault;
    tally.reasons.push(`The bundle cannot be read: ${fault.message}.`);
  }
  if (!tally.counts.events) tally.reasons.push('Nothing was checked: there is no event.');
  return { ...reportOf(tally, chain, options.level), anchor: anchored };
}

/** Of a bundle that could not even be opened. */
export function unreadableReport(level: BundleLevel, why: string): BundleReport {
  const tally = startTally();
  tally.reasons.push(`The bundle cannot be read: ${why}.`);
  return reportOf(tally, startChain(tally), level);
}

function reportOf(tally: Tally, chain: Chain, level: BundleLevel): BundleReport {
  return {
    verdict: verdictOf(tally, level),
    level,
    stream: chain.stream(),
    head: chain.head(),
    anchor: null,
    counts: tally.counts,
    findings: tally.findings,
    findings_omitted: tally.omitted(),
    reasons: tally.reasons,
    notes: tally.notes,
  };
}

function judgeNames(source: BundleSource, tally: Tally): void {
  for (const name of source.names()) {
    if (!FILES.includes(name) && !/^exhibits\/[0-9a-f]{64}$/.test(name)) tally.find('file', { got: name });
  }
}

/** Events beside their payloads: those that are sound many at a time, all others line by line. */
async function judgeEvents(
  source: BundleSource,
  chain: Chain,
  anchor: Anchor | null,
  { fold: startFold, progress }: VerifyOptions,
  tally: Tally,
) {
  const named: NamedFile[] = [];
  const lines = linesOf(source, 'events.ndjson');
  const payloadLines = linesOf(source, 'payloads.ndjson');
  const payloads = payloadLinesOf(payloadLines, chain.stream, tally);
  const sound = startSoundEvents(lines, payloadLines, (event_hash) => anchor?.addEvent(event_hash), tally);
  let fold: StateFold | undefined;
  let events = 0;
  let hasErased = false;

  /** @returns how many */
  function takeSound(): number {
    const chainEnd = payloads.isAhead() ? undefined : chain.chainEnd();
    if (!chainEnd) return 0;
    const told = tally.findings.length === 0 ? fold?.add : undefined;
    const taken = sound.take(chainEnd, PROGRESS_EVERY - (events % PROGRESS_EVERY), told);
    if (taken > 0) chain.moveTo(sound.chainEnd());
    return taken;
  }

  async function judgeLine(line: string): Promise<void> {
    const event = chain.add(line);
    const found = payloads.of(chain.head()!.event_sequence);
    const own = found instanceof Promise ? await found : found;
    anchor?.addEvent(chain.head()!.event_hash);
    if (!event || !own) return;
    const payload = judgePayload(event, own, tally);
    if (events === 0) fold = startFold?.(event.stream.slice(event.stream.indexOf(':') + 1));
    if (tally.findings.length === 0) fold?.add(event, payload ?? null);
    if (!('payload' in own)) {
      hasErased = true;
      if (own.by) anchor?.addErasing(own.sequence, hashOfLine(own.by.envelope));
    }
    const file = payload === undefined ? undefined : fileOf(event, payload);
    if (file) named.push(file);
  }

  for (;;) {
    let taken = takeSound();
    if (taken === 0) {
      const line = lines.take() ?? ((await lines.more()) ? lines.take() : undefined);
      if (line === undefined) break;
      await judgeLine(line);
      taken = 1;
    }
    events += taken;
    if (events % PROGRESS_EVERY === 0) progress?.(events);
  }
  await payloads.end();
  tally.counts.events = events;
  return { named, hasErased, fold: tally.findings.length === 0 ? fold : undefined };
}
