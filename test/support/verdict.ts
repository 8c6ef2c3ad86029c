/** How a journey ends: the record is verified over HTTP, as anybody may do it. */
import { expect } from 'vitest';
import { get, type Person } from './client.ts';

export async function expectIntact(url: string, session_id: string, who: Person): Promise<void> {
  const { status, body } = await get(url, `/api/session/${session_id}/verify`, who);
  expect({ status, issues: body.issues, is_valid: body.is_valid }).toEqual({ status: 200, issues: [], is_valid: true });
}
