/**
 * Health and metrics of a process that answers nothing else, without Express, which would be most of what a worker loads.
 * Byte for byte what the API's routes of the same names answer; everything else is not found, as Express says it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { type ParsedUrlQuery, parse } from 'node:querystring';
import { type HealthAnswers, healthAnswers } from '../telemetry/healthAnswers.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createMetricsPage } from '../telemetry/metricsPage.ts';
import type { Probe } from '../telemetry/probe.ts';
import { CHECK_LIMITS_EVERY_MS } from './httpServer.ts';
import { isAmbiguous, requestIdOf, SEND_ONE_HOST } from './requestId.ts';

type Answer = (res: ServerResponse, query: ParsedUrlQuery) => unknown;
type Answers = { [path: string]: Answer };

const ALLOW = 'GET, HEAD';
const HTML_ESCAPES: { [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** @param onFault told why there is no answer but a 500 */
export function createHealthServer(probe: Probe, metrics: Metrics, onFault: (error: Error) => void): Server {
  const page = createMetricsPage(metrics);
  const answers: Answers = {
    ...Object.fromEntries(Object.entries(healthAnswers(probe)).map(([path, answer]) => [path, sendAnswer(answer)])),
    '/metrics': async (res) => {
      const text = await page();
      res.setHeader('Content-Type', metrics.registry.contentType);
      res.setHeader('Cache-Control', 'no-store').end(text);
    },
  };
  return createServer({ connectionsCheckingInterval: CHECK_LIMITS_EVERY_MS }, async (req, res) => {
    try {
      await answerTo(answers, req, res);
    } catch (error) {
      onFault(error as Error);
      sendPage(req, res, 500, STATUS_CODES[500]!);
    }
  });
}

function sendAnswer(answer: HealthAnswers[string]): Answer {
  return (res, query) => {
    const { status, body } = answer(query);
    sendText(res, status, 'application/json; charset=utf-8', JSON.stringify(body));
  };
}

function answerTo(answers: Answers, req: IncomingMessage, res: ServerResponse): unknown {
  const request_id = requestIdOf(req);
  res.setHeader('X-Request-Id', request_id);
  if (isAmbiguous(req)) {
    res.setHeader('Connection', 'close');
    const problem = JSON.stringify({ ...SEND_ONE_HOST, request_id });
    return sendText(res, 400, 'application/problem+json; charset=utf-8', problem);
  }
  const target = /^https?:\/\/[^/?#]+(.*)$/i.exec(req.url!)?.[1] ?? req.url!;
  const [path = '', search = ''] = target.split('#')[0]!.split('?');
  const answer = answers[path.toLowerCase().replace(/(?<=.)\/$/, '')];
  if (answer && req.method === 'OPTIONS') return sendMethods(res);
  if (answer && (req.method === 'GET' || req.method === 'HEAD')) return answer(res, parse(search));
  return sendPage(req, res, 404, `Cannot ${req.method} ${encodePath(path)}`);
}

function sendText(res: ServerResponse, status: number, type: string, text: string): void {
  res.statusCode = status;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

function sendMethods(res: ServerResponse): void {
  res.setHeader('Allow', ALLOW);
  res.setHeader('Content-Length', Buffer.byteLength(ALLOW));
  res.setHeader('Content-Type', 'text/plain');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.end(ALLOW);
}

/** Once the request has been read whole. */
function sendPage(req: IncomingMessage, res: ServerResponse, status: number, message: string): void {
  const said = message.replace(/[&<>"']/g, (char) => HTML_ESCAPES[char]!);
  const body = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Error</title>
</head>
<body>
<pre>${said}</pre>
</body>
</html>
`;
  req.resume().once('end', () => {
    res.statusCode = status;
    res.setHeader('Content-Security-Policy', "default-src 'none'");
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(body));
    res.end(body);
  });
}

/** What a path may not hold is encoded, and what is encoded is left alone. */
function encodePath(path: string): string {
  return path.replace(/[^\x21\x23-\x3B\x3D\x3F-\x5F\x61-\x7A\x7C\x7E]+|%(?![0-9A-Fa-f]{2})/g, encodeURI);
}
