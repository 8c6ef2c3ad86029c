/**
 * `plearoll verify <bundle>`: a bundle checked without a server. Ends with 0 where it is intact, 1 where it was tampered with, 2
 * where it cannot be verified, 3 on wrong usage.
 */
import { access, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { foldBundle } from '../fold/foldBundle.ts';
import { type BundleLevel, type BundleReport, exitCodeOf } from '../verifier/report.ts';
import { unreadableReport, verifyBundle } from '../verifier/verifyBundle.ts';
import { openBundle } from './openBundle.ts';
import { startProgress } from './progress.ts';
import { reportText } from './reportText.ts';
import type { Terminal } from './watch.ts';

const USAGE = `usage: plearoll verify <bundle.zip or folder> --key <vkey> [--checkpoint <note>] [--json]
  --key         the log's verifier key, from anywhere but the bundle; may be given more than once
  --checkpoint  a signed note that you kept, or that a witness has: the file that holds it
  --level self  without a key: only whether the bundle agrees with itself, which whoever made it could see to`;

const VKEY = /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/;

interface Plan {
  path: string;
  level: BundleLevel;
  keys: string[];
  /** The text of the note. */
  checkpoint: string | null;
  isJson: boolean;
}

/** @returns what the process is to exit with */
export async function verify(args: string[], { out, err }: Terminal): Promise<number> {
  let plan: Plan;
  let bundle: Awaited<ReturnType<typeof openBundle>>;
  try {
    plan = await readPlan(args);
  } catch (error) {
    err.write(`${(error as Error).message}\n${USAGE}\n`);
    return 3;
  }
  const tell = (report: BundleReport) => {
    out.write(plan.isJson ? `${JSON.stringify(report)}\n` : reportText(report));
    return exitCodeOf(report.verdict);
  };
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

/** @throws what is wrong with the arguments */
async function readPlan(args: string[]): Promise<Plan> {
  const text = { type: 'string' } as const;
  const options = {
    key: { ...text, multiple: true },
    checkpoint: text,
    level: text,
    json: { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new Error('one bundle is verified at a time');
  await access(path).catch(() => {
    throw new Error(`there is no ${path}`);
  });
  const { key: keys = [], checkpoint, level = 'anchored', json = false } = values;
  if (level !== 'self' && level !== 'anchored') throw new Error('--level: self or anchored');
  if (level === 'anchored' && keys.length === 0)
    throw new Error('--key is needed: what the bundle says of its keys proves nothing');
  for (const key of keys) if (!VKEY.test(key)) throw new Error(`--key: ${key} is no verifier key`);
  const note = checkpoint === undefined ? null : await readFile(checkpoint, 'utf8');
  return { path, level, keys, checkpoint: note, isJson: json };
}
