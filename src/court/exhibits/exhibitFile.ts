/** An exhibit's file as it is looked at and handed out. */

import { z } from 'zod';
import { count, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import { type Blobs, fileIssues, type RecordedFile } from '../../core/definitions/files.ts';
import type { Attachment } from '../../core/definitions/query.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { type Exhibit, labelOf } from './exhibit.ts';
import { endingOf } from './mediaTypes.ts';

/** As the record names it. */
export function fileOf({ id, sha256, size_bytes }: Exhibit): RecordedFile {
  return { of: `exhibit ${id}`, sha256, size_bytes };
}

/** Named by its number, and by its id until it has one. */
export function attachmentOf(exhibit: Exhibit): Attachment {
  const { id, media_type, size_bytes, sha256 } = exhibit;
  const name = `${labelOf(exhibit) ?? `exhibit-${id}`}.${endingOf(media_type)}`;
  return { sha256, size_bytes, media_type, name };
}

export const fileVerdict = named(
  'FileVerdict',
  z.strictObject({
    id: uuid,
    label: text.nullable(),
    is_valid: z.boolean(),
    sha256: hash,
    size_bytes: count,
    issues: z.array(text),
    message: text,
  }),
  {
    ...{ id: EXAMPLE.exhibit_id, label: 'P-1', is_valid: true, sha256: EXAMPLE.hash, size_bytes: 48_213, issues: [] },
    message: 'The file is the one that was uploaded.',
  },
);

/** The verification of one exhibit's file, as its route answers it. */
export async function verifyFile(exhibit: Exhibit, blobs: Blobs): Promise<z.output<typeof fileVerdict>> {
  const { id, sha256, size_bytes } = exhibit;
  const issues = await fileIssues([fileOf(exhibit)], blobs);
  const message =
    issues.length === 0 ? 'The file is the one that was uploaded.' : 'The file was tampered with or lost.';
  return { id, label: labelOf(exhibit), is_valid: issues.length === 0, sha256, size_bytes, issues, message };
}
