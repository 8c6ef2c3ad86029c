/** Events of exhibits, for specifications, and the files that tests bring in. */
import type { NewEvent } from '../../src/core/event.ts';
import { exhibitMarked } from '../../src/exhibits/markExhibit.ts';
import { exhibitRuled } from '../../src/exhibits/ruleExhibit.ts';
import { exhibitTendered } from '../../src/exhibits/tenderExhibit.ts';
import { exhibitUploaded } from '../../src/exhibits/uploadExhibit.ts';
import { exhibitWithdrawn } from '../../src/exhibits/withdrawExhibit.ts';
import type { Side } from '../../src/formats/format.ts';
import { turnId } from './court.ts';

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
