/** Events of exhibits, for specifications, and the files that tests bring in. */
import { readdirSync } from 'node:fs';
import type { NewEvent } from '../../src/core/definitions/event.ts';
import { exhibitMarked } from '../../src/court/exhibits/markExhibit.ts';
import { exhibitRuled } from '../../src/court/exhibits/ruleExhibit.ts';
import { exhibitTendered } from '../../src/court/exhibits/tenderExhibit.ts';
import { exhibitUploaded } from '../../src/court/exhibits/uploadExhibit.ts';
import { exhibitWithdrawn } from '../../src/court/exhibits/withdrawExhibit.ts';
import type { Side } from '../../src/court/formats/format.ts';
import { turnId } from './matchFixture.ts';

export const EXHIBIT = '018f3c1e-7b2a-7c11-9d0e-000000100000';
export const FACTS = { sha256: 'ab'.repeat(32), size_bytes: 7, media_type: 'application/pdf' } as const;

export function uploaded(exhibit_id = EXHIBIT, side: Side = 'petitioner'): NewEvent {
  return exhibitUploaded({ exhibit_id, side, title: 'The charter party', ...FACTS });
}

export function marked(number = 1, exhibit_id = EXHIBIT, letter = 'P'): NewEvent {
  return exhibitMarked({ exhibit_id, number, label: `${letter}-${number}` });
}

/** In the first turn of the format. */
export const tendered = exhibitTendered({ exhibit_id: EXHIBIT, turn_id: turnId(1) });
export const rejected = exhibitRuled({ exhibit_id: EXHIBIT, decision: 'rejected', ruling: 'No foundation.' });
export const admitted = exhibitRuled({ exhibit_id: EXHIBIT, decision: 'admitted', ruling: null });
export const withdrawn = exhibitWithdrawn({ exhibit_id: EXHIBIT });

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
/** The beginnings that tell what a file is, and something after them. */
export const PDF = bytes('%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n');
export const PNG = bytes('\x89PNG\r\n\x1a\n0000IHDR');
export const JPEG = bytes('\xff\xd8\xff\xe0\x00\x10JFIF');

/** Another PDF each time it is called. */
let made = 0;
export function anotherPdf(): Uint8Array {
  made += 1;
  return bytes(`%PDF-1.7\n${made} of ${process.pid}\n`);
}

export interface Part {
  name: string;
  content: string | Uint8Array;
  /** Of a file: what its sender calls it and says that it is. */
  filename?: string;
  type?: string;
}

export const field = (name: string, content: string): Part => ({ name, content });
export const file = (content: Uint8Array, type = 'application/pdf', filename = 'brief.pdf'): Part => {
  return { name: 'file', content, type, filename };
};

const BOUNDARY = '----8f3c1e7b2a';
export const FORM = `multipart/form-data; boundary=${BOUNDARY}`;

/** The parts as bytes, quotes and all: what no decent client would send is to be sent too. */
export function formOf(...parts: Part[]): Uint8Array {
  const pieces = parts.flatMap(({ name, content, filename, type }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`,
    filename === undefined ? '' : `; filename="${filename}"`,
    type === undefined ? '' : `\r\nContent-Type: ${type}`,
    '\r\n\r\n',
    content,
    '\r\n',
  ]);
  return new Uint8Array(Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece))));
}

/** All that lies in the folder, by its path in it, but for the word on whose it is. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'installation')
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort();
}
