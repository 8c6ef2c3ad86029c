/** Every frame that a test receives is one that the live protocol has: what is not ends the test as a failure. */
import type { z } from 'zod';
import { consoleServerMessages } from '../../src/live/consoleMessages.ts';
import { feedServerMessages } from '../../src/live/feedMessages.ts';
import { galleryServerMessages } from '../../src/live/galleryMessages.ts';
import { serverMessages } from '../../src/live/messages.ts';
import { catalog } from '../../src/modules.ts';
import type { Namespace } from '../../src/relay/listeners/prepared.ts';
import type { Json } from './client.ts';

const MESSAGES: Record<Namespace, Record<string, z.ZodType>> = {
  '/live': serverMessages,
  '/gallery': galleryServerMessages,
  '/feeds': feedServerMessages,
  '/console': consoleServerMessages,
};

let faults: string[] = [];

export function checkFrame(message: Json, namespace: Namespace = '/live'): void {
  const said = JSON.stringify(message).slice(0, 1_000);
  for (const fault of faultsOf(message, namespace)) faults.push(`${fault} in ${said}`);
}

/** The faults of frames since the last call. */
export function takeFrameFaults(): string[] {
  const taken = faults;
  faults = [];
  return taken;
}

export function faultsOf(message: Json, namespace: Namespace = '/live'): string[] {
  const schema = MESSAGES[namespace][message.type as string];
  if (!schema) return [`no message is called ${message.type}`];
  return [...issuesOf(schema.safeParse(message)), ...(message.type === 'EVENT' ? payloadFaults(message) : [])];
}

/** Types that are not ours may hold anything. */
function payloadFaults({ event_type, payload }: Json): string[] {
  const schema = catalog.events.get(event_type)?.payload;
  return schema && payload !== null ? issuesOf(schema.safeParse(payload)) : [];
}

function issuesOf({ error }: { error?: { issues: { path: PropertyKey[]; message: string }[] } | undefined }): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `/${path.join('/')} ${message}`);
}
