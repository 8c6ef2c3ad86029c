/** The sender of a request as the guard knows it: the address, and what the browser says of itself. */
import type { Request } from 'express';
import type { CompositeKeys } from '../../guard/compositeKeys.ts';
import { type Addresses, limitKey } from '../../infra/addresses.ts';
import type { Visitor } from '../../infra/guard/guardStore.ts';

const FINGERPRINT = 'x-browser-fingerprint';

/** What the keys of an institution are made of. */
export interface Seen extends Visitor {
  fingerprint: string;
}

/** Of requests whose sender was asked for. */
const known = new WeakMap<Request, Seen>();

/** Without a fingerprint all browsers of an address are one. */
export function visitorOf(req: Request, keys: CompositeKeys, addresses: Pick<Addresses, 'isAllowlisted'>): Seen {
  const seen = known.get(req) ?? readVisitor(req, keys, addresses);
  known.set(req, seen);
  return seen;
}

function readVisitor(req: Request, keys: CompositeKeys, addresses: Pick<Addresses, 'isAllowlisted'>): Seen {
  const header = req.headers[FINGERPRINT];
  const fingerprint = [header ?? ''].flat().join();
  const address = limitKey(req.ip);
  return {
    key: keys.keyOf(null, address, fingerprint),
    // Hardly ever asked for, and a hash.
    get crowd() {
      return keys.crowdOf(null, address);
    },
    address,
    is_venue: addresses.isAllowlisted(req.ip!),
    fingerprint,
  };
}

/** What is banned of a visitor in an institution. @param isCrowd it counts as one with the others of its address */
export function keyIn(keys: CompositeKeys, institution_id: string | null, seen: Seen, isCrowd: boolean): string {
  const { address, fingerprint } = seen;
  return isCrowd ? keys.crowdOf(institution_id, address) : keys.keyOf(institution_id, address, fingerprint);
}
