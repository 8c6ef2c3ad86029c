/** How a connection ends: the code of a WebSocket's close frame, the reason beside it, and what a client does then. */

export const CLOSE = {
  fault: 1011,
  messages: 4400,
  token: 4401,
  /** An origin that is not let in, or a feature that is switched off. */
  origin: 4403,
  scope: 4404,
  slow: 4408,
  replaced: 4409,
  position: 4422,
  limit: 4429,
  draining: 4503,
} as const;
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

interface Closing {
  /** In the close frame, and in metrics. */
  reason: string;
  /** The client shall connect again; otherwise it stays away until something has changed. */
  returns: boolean;
  meaning: string;
}

export const CLOSINGS: Record<CloseCode, Closing> = {
  [CLOSE.fault]: { reason: 'fault', returns: false, meaning: 'The record has a gap; operators are told.' },
  [CLOSE.messages]: { reason: 'messages', returns: false, meaning: 'Three messages were none.' },
  [CLOSE.token]: { reason: 'token', returns: false, meaning: 'The token is missing, bad, expired or revoked.' },
  [CLOSE.origin]: { reason: 'origin', returns: false, meaning: 'The origin is not let in, or a feature is off.' },
  [CLOSE.scope]: { reason: 'scope', returns: false, meaning: 'The session does not exist, or is not in your scope.' },
  [CLOSE.slow]: { reason: 'slow', returns: true, meaning: 'Too little was read; go on from your last event.' },
  [CLOSE.replaced]: {
    reason: 'replaced',
    returns: false,
    meaning: 'Another connection has taken the place of this one. Not used yet.',
  },
  [CLOSE.position]: { reason: 'position', returns: false, meaning: 'The position asked for is malformed.' },
  [CLOSE.limit]: { reason: 'limit', returns: false, meaning: 'Too many connections or messages.' },
  [CLOSE.draining]: { reason: 'draining', returns: true, meaning: 'The relay is stopping or cannot serve just now.' },
};

export const REASONS = Object.fromEntries(
  Object.entries(CLOSINGS).map(([code, { reason }]) => [code, reason]),
) as Record<CloseCode, string>;
