/** The part of autocannon that the benchmarks use; it comes without types of its own. */
declare module 'autocannon' {
  export interface Request {
    method: 'POST';
    path: string;
    headers: Record<string, string>;
    body: string;
  }

  export interface Client {
    setRequests(requests: Request[]): void;
  }

  export interface Options {
    url: string;
    connections: number;
    duration: number;
    /** How often it looks whether it is to stop, in milliseconds. */
    sampleInt: number;
    setupClient(client: Client): void;
  }

  export interface Result {
    errors: number;
    timeouts: number;
    statusCodeStats: Record<string, { count: number }>;
  }

  export interface Run {
    on(event: 'response', listener: (client: Client, status: number, bytes: number, duration_ms: number) => void): void;
    stop(): void;
  }

  export default function autocannon(options: Options, done: (error: Error | null, result: Result) => void): Run;
}
