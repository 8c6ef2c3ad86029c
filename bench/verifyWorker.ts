/** One core of the verifier's benchmark: verifies the bundles that it is told of, and says what it found and how much memory it took. */
import { openBundle } from '../src/cli/openBundle.ts';
import { verifyBundle } from '../src/verifier/verifyBundle.ts';
import { zipOf } from './verifyCorpus.ts';

export interface Work {
  folders: string[];
  /** Each is read from the zip that was made of it. */
  isZipped: boolean;
  vkey: string;
  note: string;
}

export interface Done {
  events: number;
  intact: number;
  findings: string[];
  peak_mib: number;
}

process.on('message', async ({ folders, isZipped, vkey, note }: Work) => {
  const done: Done = { events: 0, intact: 0, findings: [], peak_mib: 0 };
  for (const folder of folders) {
    const { source, close } = await openBundle(isZipped ? zipOf(folder) : folder);
    const report = await verifyBundle(source, { level: 'anchored', keys: [vkey], checkpoint: note });
    await close();
    done.events += report.counts.events!;
    if (report.verdict === 'intact@anchored') done.intact += 1;
    for (const { check, event_sequence } of report.findings) done.findings.push(`${folder} ${check} ${event_sequence}`);
  }
  done.peak_mib = Math.round(process.resourceUsage().maxRSS / 1_024);
  process.send!(done);
});
process.on('disconnect', () => process.exit());
