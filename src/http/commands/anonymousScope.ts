import type { Request } from 'express';

/** A sender without a token is known by the observation, or else by the address. */
export function anonymousScope(req: Request): string {
  const { observation_id } = req.params;
  return observation_id === undefined ? `address:${req.ip}` : `observation:${observation_id}`;
}
