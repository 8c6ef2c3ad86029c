/** Who is compared: our relay over plain WebSocket and over socket.io, and socket.io with each of its adapters. */
export const CONTESTANTS = ['ours', 'ours-socketio', 'adapter', 'streams'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export function isPeer(contestant: Contestant): boolean {
  return contestant === 'adapter' || contestant === 'streams';
}

/** How its listeners speak. */
export function wireOf(contestant: Contestant): 'websocket' | 'socketio' {
  return contestant === 'ours' ? 'websocket' : 'socketio';
}
