/** What is noted of tokens wherever they are shown: good ones as login sessions, and by address those that none of our keys has signed. */
import { type BadSignatures, countBadSignatures } from './badSignatures.ts';
import { createLoginRecorder, type LoginRecorder, type RecorderOptions } from './loginRecorder.ts';
import type { Tokens } from './tokens.ts';

export interface TokenNotes {
  logins: LoginRecorder;
  bad_signatures: BadSignatures;
}

export function noteTokens({ tokens, ...options }: RecorderOptions & { tokens: Pick<Tokens, 'isForged'> }): TokenNotes {
  const logins = createLoginRecorder(options);
  return { logins, bad_signatures: countBadSignatures({ ...options, tokens, logins }) };
}

/** Stores what was noted last. */
export async function closeNotes(notes: TokenNotes): Promise<void> {
  await Promise.all([notes.logins.close(), notes.bad_signatures.close()]);
}
