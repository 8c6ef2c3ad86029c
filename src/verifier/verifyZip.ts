/** `plearoll/verifier`: a bundle that was downloaded, verified in a browser or in Node, without a server. */
import type { BundleReport } from './report.ts';
import { type BundleSource, UnreadableBundle } from './source.ts';
import { unreadableReport, type VerifyOptions, verifyBundle } from './verifyBundle.ts';
import { openZip } from './zip.ts';

/** @param bundle such as a file that a person chose: it is read piece by piece */
export async function verifyZip(bundle: Blob, options: VerifyOptions): Promise<BundleReport> {
  const read = async (offset: number, length: number) =>
    new Uint8Array(await bundle.slice(offset, offset + length).arrayBuffer());
  let source: BundleSource;
  try {
    source = await openZip({ size: bundle.size, read });
  } catch (fault) {
    if (!(fault instanceof UnreadableBundle)) throw fault;
    return unreadableReport(options.level, fault.message);
  }
  return verifyBundle(source, options);
}
