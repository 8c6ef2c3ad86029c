/** An exhibit's file as it is looked at and handed out. */

import type { JsonObject } from '../../core/definitions/event.ts';
import type { Blobs } from '../../core/definitions/files.ts';
import type { Attachment } from '../../core/definitions/query.ts';
import { type Exhibit, labelOf } from './exhibit.ts';
import { endingOf } from './mediaTypes.ts';

const FILE_ISSUE = 'File of exhibit ';

/** Named by its number, and by its id until it has one. */
export function attachmentOf(exhibit: Exhibit): Attachment {
  const { id, media_type, size_bytes, sha256 } = exhibit;
  const name = `${labelOf(exhibit) ?? `exhibit-${id}`}.${endingOf(media_type)}`;
  return { sha256, size_bytes, media_type, name };
}

/** The verification of one exhibit's file, as its route answers it. */
export async function verifyFile(exhibit: Exhibit, blobs: Blobs): Promise<JsonObject> {
  const { id, sha256, size_bytes } = exhibit;
  const issues = await fileIssues([exhibit], blobs);
  const message =
    issues.length === 0 ? 'The file is the one that was uploaded.' : 'The file was tampered with or lost.';
  return { id, label: labelOf(exhibit), is_valid: issues.length === 0, sha256, size_bytes, issues, message };
}

/** What is wrong with the files of these exhibits, in their order. Each is read and hashed again, one after the other. */
export async function fileIssues(exhibits: readonly Exhibit[], blobs: Blobs): Promise<string[]> {
  const issues: string[] = [];
  for (const exhibit of exhibits) {
    const fault = await blobs.findFault(exhibit);
    if (fault !== undefined) issues.push(`${FILE_ISSUE}${exhibit.id} ${fault}`);
  }
  return issues;
}

export function isFileIssue(issue: string): boolean {
  return issue.startsWith(FILE_ISSUE);
}
