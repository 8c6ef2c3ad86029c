/**
 * `plearoll verify <bundle>`: a bundle checked without a server. Ends with 0 where it is intact, 1 where it was tampered with, 2
 * where it cannot be verified, 3 on wrong usage.
 */
import { access, readFile } from 'node:fs/promises';
import { parseVkey } from '../core/proof/keys.ts';
import { foldBundle } from '../fold/foldBundle.ts';
import { defineSubcommand, type Terminal, UsageError } from '../infra/process/subcommand.ts';
import { type BundleLevel, type BundleReport, exitCodeOf } from '../verifier/report.ts';
import { unreadableReport, verifyBundle } from '../verifier/verifyBundle.ts';
import { openBundle } from './openBundle.ts';
import { startProgress } from './progress.ts';
import { reportText } from './reportText.ts';

interface Plan {
  path: string;
  level: BundleLevel;
  keys: string[];
  /** The text of the note. */
  checkpoint: string | null;
  /** How the one checkpoint grew into the other. */
  consistency: string[] | null;
  isJson: boolean;
}

export const verify = defineSubcommand({
  name: 'verify',
  summary:
    'Checks a bundle of a session without a server: intact, tampered or unverifiable, and the first broken place.',
  takes: ['<bundle.zip or folder>'],
  options: {
    key: {
      type: 'string',
      value: '<vkey>',
      isRepeated: true,
      help: "the log's verifier key, from anywhere but the bundle; may be given more than once",
    },
    checkpoint: {
      type: 'string',
      value: '<note>',
      help: 'a signed note that you kept, or that a witness has: the file that holds it',
    },
    consistency: {
      type: 'string',
      value: '<proof>',
      help: "where its size is another than the bundle's: the file with the log's answer that shows how the one grew into the other",
    },
    level: {
      type: 'string',
      value: '<self|anchored>',
      default: 'anchored',
      help: 'self, without a key: only whether the bundle agrees with itself, which whoever made it could see to',
    },
    json: { type: 'boolean', help: 'the report as JSON' },
  },
  exits: { 0: 'intact', 1: 'tampered', 2: 'unverifiable', 3: 'usage' },
  async run(given, [path], terminal) {
    return verifyAt(await readPlan(path!, given), terminal);
  },
});

async function verifyAt(plan: Plan, { out, err }: Terminal): Promise<number> {
  const tell = (report: BundleReport) => {
    out.write(plan.isJson ? `${JSON.stringify(report)}\n` : reportText(report));
    return exitCodeOf(report.verdict);
  };
  let bundle: Awaited<ReturnType<typeof openBundle>>;
  try {
    bundle = await openBundle(plan.path);
  } catch (fault) {
    return tell(unreadableReport(plan.level, (fault as Error).message));
  }
  const progress = startProgress(err);
  try {
    return tell(await verifyBundle(bundle.source, { ...plan, fold: foldBundle, progress: progress.moveTo }));
  } catch (fault) {
    // Anything but a verdict leaves the question open; what failed is said, and never passes for intact.
    return tell(unreadableReport(plan.level, (fault as Error).message));
  } finally {
    progress.end();
    await bundle.close();
  }
}

interface Given {
  key: string[];
  checkpoint: string | undefined;
  consistency: string | undefined;
  level: string;
  json: boolean;
}

/** @throws {UsageError} */
async function readPlan(path: string, { key: keys, checkpoint, consistency, level, json }: Given): Promise<Plan> {
  await access(path).catch(() => {
    throw new UsageError(`there is no ${path}`);
  });
  if (level !== 'self' && level !== 'anchored') throw new UsageError('--level: self or anchored');
  if (level === 'anchored' && keys.length === 0)
    throw new UsageError('--key is needed: what the bundle says of its keys proves nothing');
  for (const key of keys) if (!parseVkey(key)) throw new UsageError(`--key: ${key} is no verifier key`);
  const note = checkpoint === undefined ? null : await readGiven('checkpoint', checkpoint);
  const grown = consistency === undefined ? null : hashesOf(await readGiven('consistency', consistency));
  return { path, level, keys, checkpoint: note, consistency: grown, isJson: json };
}

function readGiven(option: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((fault: Error) => {
    throw new UsageError(`--${option}: ${fault.message}`);
  });
}

/** Of an answer of `/integrity/proof/consistency`. @throws {UsageError} */
function hashesOf(text: string): string[] {
  try {
    const { hashes } = JSON.parse(text);
    if (Array.isArray(hashes) && hashes.every((one) => typeof one === 'string')) return hashes;
  } catch {}
  throw new UsageError('--consistency: this is no proof of consistency');
}
