/** Who is compared: our relay over plain WebSocket and over socket.io, socket.io with each of its adapters, and nats-server. */
export const CONTESTANTS = ['ours', 'ours-socketio', 'adapter', 'streams', 'nats'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export function isPeer(contestant: Contestant): boolean {
  return contestant !== 'ours' && contestant !== 'ours-socketio';
}

/** How its listeners speak. */
export function wireOf(contestant: Contestant): 'websocket' | 'socketio' | 'nats' {
  if (contestant === 'nats') return 'nats';
  return contestant === 'ours' ? 'websocket' : 'socketio';
}
