/**
 * Reading multipart/form-data: text fields, and one file in a part named `file`. The file goes to the disk as it
 * arrives and is never in memory as a whole. Names that the sender gives to files are not looked at.
 */
import busboy from 'busboy';
import type { Request } from 'express';
import type { InputError } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { TooLargeError } from '../../infra/blobFiles.ts';
import type { BlobStore, Draft } from '../../infra/blobs.ts';

export interface Form {
  fields: JsonObject;
  /** Undefined where there was none. */
  draft: Draft | undefined;
  /** What the sender says it is. */
  declared: string | undefined;
  /** To be told with those of the fields. */
  faults: InputError[];
}

/** What stands around the file: fields, headers of the parts, boundaries. */
const AROUND_BYTES = 64 * 1024;
const LIMITS = { fields: 20, files: 20, parts: 30, fieldSize: 16 * 1024, headerPairs: 20 };

/** @throws {Problem} 413 or 415, by what the headers say; the body is not looked at */
export function demandForm({ headers }: Request, max_bytes: number): void {
  if (Number(headers['content-length'] ?? 0) > max_bytes + AROUND_BYTES) throw tooLarge(max_bytes);
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) {
    throw new Problem('unsupported_type', 'Send the form without a Content-Encoding.');
  }
  if (/^multipart\/form-data *;/i.test(headers['content-type'] ?? '')) return;
  throw new Problem('unsupported_type', 'Send Content-Type: multipart/form-data with its boundary.');
}

/**
 * Whatever it throws, no file is left. The rest of a body that is refused is read and forgotten, so that its sender
 * gets the answer. @throws {Problem} 413, or 400 where it is no form or is cut off
 */
export async function readForm(req: Request, blobs: Pick<BlobStore, 'receive'>, max_bytes: number): Promise<Form> {
  const faults: InputError[] = [];
  const fields = new Map<string, string>();
  let receiving: Promise<Draft> | undefined;
  let declared: string | undefined;
  let parser: busboy.Busboy;
  try {
    parser = busboy({ headers: req.headers, limits: LIMITS, defParamCharset: 'utf8' });
  } catch (error) {
    throw new Problem('bad_request', `${(error as Error).message}.`);
  }
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('field', (name = '', value, { valueTruncated }) => {
        const pointer = `/${name}`;
        if (name === 'file') faults.push({ pointer, detail: 'must be a file' });
        else if (valueTruncated) faults.push({ pointer, detail: 'is too long' });
        // What busboy puts in the place of bytes that are no UTF-8.
        else if (value.includes('\ufffd')) faults.push({ pointer, detail: 'must be text in UTF-8' });
        else if (fields.has(name)) faults.push({ pointer, detail: 'is given twice' });
        else fields.set(name, value);
      });
      parser.on('file', (name = '', stream, { mimeType }) => {
        // Where the form ends in the middle of it, the form says so.
        stream.on('error', () => {});
        if (name === 'file' && !receiving) {
          declared = mimeType;
          receiving = blobs.receive(stream, max_bytes);
          receiving.catch(reject);
          return;
        }
        faults.push({ pointer: `/${name}`, detail: name === 'file' ? 'is one file only' : 'unknown field' });
        stream.resume();
      });
      for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
        parser.on(limit, () => faults.push({ pointer: '', detail: 'has too many parts' }));
      }
      // `on`, not `once`: busboy emits a second error when destroyed, and unhandled it would end the process.
      parser.on('error', reject);
      parser.once('close', resolve);
      req.once('close', () => req.complete || reject(new Error('The connection ended in the middle')));
      req.pipe(parser);
    });
    return { fields: Object.fromEntries(fields), draft: await receiving, declared, faults };
  } catch (fault) {
    req.unpipe(parser);
    parser.destroy();
    req.resume();
    const draft = await receiving?.catch(() => undefined);
    await draft?.discard();
    throw problemOf(fault, max_bytes);
  }
}

function problemOf(fault: unknown, max_bytes: number): unknown {
  if (fault instanceof TooLargeError) return tooLarge(max_bytes);
  // What the disk says has a code; what the parser says has none.
  if ((fault as { code?: string }).code !== undefined) return fault;
  return new Problem('bad_request', `${(fault as Error).message}.`);
}

function tooLarge(max_bytes: number): Problem {
  return new Problem('too_large', `A file has at most ${max_bytes} bytes.`);
}
