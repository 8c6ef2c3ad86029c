/**
 * The first step of the door: a command without a good token is shown to the guard before anything else is asked. A
 * command that is known by its Idempotency-Key is answered again, and counts as nothing.
 */
import type { Request } from 'express';
import type { Acceptor } from '../commands/acceptance.ts';
import { anonymousScope } from '../commands/anonymousScope.ts';
import { readIdempotencyKey } from '../door/preferences.ts';
import type { Guard } from './guard.ts';

interface Guarding {
  guard: Guard;
  acceptor: Pick<Acceptor, 'findFingerprint'>;
}

/** Of a request without a good token. @throws {Problem} 429, or 503 */
export async function guardDoor({ guard, acceptor }: Guarding, req: Request, route: string): Promise<void> {
  if (req.method !== 'POST') return;
  if (!(await isKnown(guard, acceptor, req))) await guard.admit(req, route);
}

async function isKnown(guard: Guard, acceptor: Guarding['acceptor'], req: Request): Promise<boolean> {
  const key = readIdempotencyKey(req, []);
  if (key === null || !(await guard.mayAsk(req, null))) return false;
  return (await acceptor.findFingerprint({ scope: anonymousScope(req), key })) !== undefined;
}
