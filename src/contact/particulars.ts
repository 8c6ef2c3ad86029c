/** What a contact card says of a person: a name, an e-mail address, a telephone number. None of it enters the inbox or the record. */
import { isPossiblePhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';
import { canonicalPayload, payloadCommitment } from '../core/chain/chain.ts';
import { privately } from '../core/definitions/privateText.ts';

export interface Particulars {
  name: string | null;
  email: string | null;
  phone: string | null;
}

const LONGEST_EMAIL = 254;
const NOT_A_NUMBER = 'must be a telephone number with the code of its country, as +44 20 7946 0958';

export const email = privately(z.email().max(LONGEST_EMAIL));

/** Kept as E.164 writes it. Without the code of its country nobody knows whose number it is. */
export const phone = privately(
  z
    .string()
    .max(40)
    .regex(/^\+[\d ().-]+$/, { error: NOT_A_NUMBER, abort: true })
    .refine((text) => isPossiblePhoneNumber(text), NOT_A_NUMBER)
    .overwrite((text) => parsePhoneNumberFromString(text)?.number ?? text),
);

/** Salted, so that it tells nobody which of a few million numbers it was; made as the commitments of payloads are. */
export function commitmentOf(salt: Uint8Array, { name, email, phone }: Particulars): string {
  return payloadCommitment(salt, canonicalPayload({ email, name, phone }));
}
