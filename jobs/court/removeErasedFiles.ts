/**
 * The file of an exhibit goes as soon as what was said of it is erased, unless another exhibit or the audit trail names it. What comes in
 * again just then is left, and looked at once more; what is left in the end the sweeping of files removes.
 */
import type { Follower, FollowTools } from '../apply/follower.ts';

/** A file is kept before the command that names it is stored: so long may that take. */
const ON_ITS_WAY_MS = 1_000;

const UNNAMED = `
  select file from unnest($1::text[]) as file
  where not exists (select from exhibits where sha256 = file::bpchar and title <> '')
    and not exists (select from audit_entries where data_sha256 = file and data_sha256 is not null)
    and not exists (select from commands
      where name = 'exhibit.upload' and input -> 'file' ->> 'sha256' = file and status = 'accepted')`;

export const removeErasedFiles: Follower = ({ erasing }, tools) => {
  const files = erasing.flatMap(({ erased: { remains } }) =>
    typeof remains?.exhibit_id === 'string' && typeof remains.sha256 === 'string' ? [remains.sha256] : [],
  );
  return files.length === 0 ? [] : [removeUnnamed(files, tools, true)];
};

async function removeUnnamed(files: string[], tools: FollowTools, isFirst: boolean): Promise<void> {
  const { db, blobs, log } = tools;
  try {
    const { rows } = await db.query<{ file: string }>(UNNAMED, [files]);
    const young: string[] = [];
    for (const { file } of rows) {
      if (!(await blobs.remove(file, Date.now() - ON_ITS_WAY_MS))) young.push(file);
    }
    if (young.length > 0 && isFirst)
      setTimeout(() => void removeUnnamed(young, tools, false), 2 * ON_ITS_WAY_MS).unref();
  } catch (err) {
    log.warn({ err }, 'file of an erased exhibit not removed; it is swept later');
  }
}
