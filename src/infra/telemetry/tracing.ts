/**
 * Traces across processes, as W3C Trace Context has them. A command keeps the `traceparent` of its request until its
 * events are published. The spans go to whatever SDK the operator registered; without one they cost next to nothing.
 */
import {
  type Context,
  context,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export const tracer = trace.getTracer('plearoll');

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns undefined for what is no `traceparent`; one of a later version is read as far as this version goes */
function readTraceparent(text: unknown): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = (typeof text === 'string' && TRACEPARENT.exec(text)) || [];
  if (traceId === undefined || (version === '00' && more !== undefined)) return undefined;
  const found = { traceId, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}

/** Null where nobody traces: no span was begun, and none was sent to us. */
export function traceparentOf(span: Span): string | null {
  const found = span.spanContext();
  if (!isSpanContextValid(found)) return null;
  return `00-${found.traceId}-${found.spanId}-${found.traceFlags.toString(16).padStart(2, '0')}`;
}

/** For log lines. */
export function traceIdOf(traceparent: string | null): string | undefined {
  return traceparent?.slice(3, 35);
}

/** What a request's span hangs on: the server span of an instrumentation where there is one, or else the header. */
export function parentOf(traceparent: unknown): Context {
  const active = context.active();
  if (traceparent === undefined || trace.getSpan(active)) return active;
  const remote = readTraceparent(traceparent);
  return remote ? trace.setSpanContext(active, remote) : active;
}

export function linksTo(traceparents: Iterable<string | null>): Link[] {
  return [...new Set(traceparents)].flatMap((text) => {
    const linked = readTraceparent(text);
    return linked ? [{ context: linked }] : [];
  });
}

/** Runs `work` as what the span is about, and ends the span. The fault's text stays with us: it may name people. */
export async function within<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (fault) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw fault;
  } finally {
    span.end();
  }
}
