/**
 * Signing in to the dashboard: a browser cannot send a bearer token, so it hands one over once and keeps it in a cookie
 * that no script reads, that no other site's page can send, and that ends with the token. It is checked at every request.
 */
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Identity, Tokens } from '../../infra/tokens.ts';
import { authenticate, demandActor } from '../door/authentication.ts';
import { parseBody, readJson } from '../door/body.ts';
import { demandRole } from '../door/door.ts';
import { loginPage, logoutPage } from './pages.ts';

export const DASHBOARD = '/jobs';
const COOKIE = 'plearoll_jobs';
const ROLES = ['super_admin'] as const;
/** No browser keeps a cookie for longer. */
const MAX_AGE_MS = 400 * 24 * 3_600_000;
const Login = z.strictObject({ token: z.string().min(1) });
const form = express.urlencoded({ extended: false, limit: '16kb' });

/**
 * The operator who sends the request, by header or by cookie; undefined where a person is to sign in first.
 * @throws {Problem} 401 to programs, 403 to other roles
 */
export async function admitOperator(req: Request, tokens: Tokens): Promise<Actor | undefined> {
  const actor = (await authenticate(req, tokens)) ?? (await tokens.verify(cookieOf(req) ?? ''))?.actor;
  if (!actor && isPerson(req)) return undefined;
  const operator = actor ?? (await demandActor(req, tokens));
  demandRole(operator, ROLES);
  return operator;
}

export function loginRoutes(tokens: Tokens): Router {
  const router = Router();
  router.use(demandOwnSite);
  router.get('/login', async (req, res) => {
    if (cookieOf(req) && (await tokens.verify(cookieOf(req)!))) res.redirect(303, `${DASHBOARD}/`);
    else showPage(res, loginPage());
  });
  router.post('/login', async (req, res) => {
    const isForm = Boolean(req.is('urlencoded'));
    const token = isForm ? await readForm(req, res) : await readBody(req, res);
    try {
      const identity = await identify(token, tokens);
      setCookie(req, res, token, identity);
      if (isForm) res.redirect(303, `${DASHBOARD}/`);
      else res.json({ expires_at: expiryOf(identity).toISOString() });
    } catch (error) {
      if (!isForm || !(error instanceof Problem)) throw error;
      showPage(res.status(error.body.status), loginPage(error.body.detail));
    }
  });
  router.get('/logout', (_req, res) => showPage(res, logoutPage()));
  router.post('/logout', (req, res) => {
    res.clearCookie(COOKIE, cookieOptions(req));
    if (req.accepts(['json', 'html']) === 'html') res.redirect(303, `${DASHBOARD}/login`);
    else res.status(204).end();
  });
  return router;
}

/** What was pasted may end in a line break. */
async function readForm(req: Request, res: Response): Promise<string> {
  await new Promise<void>((resolve, reject) =>
    form(req, res, (error?: unknown) => (error ? reject(error) : resolve())),
  );
  const { token } = (req.body ?? {}) as { token?: unknown };
  return typeof token === 'string' ? token.trim() : '';
}

async function readBody(req: Request, res: Response): Promise<string> {
  return parseBody(await readJson(req, res), Login, []).token as string;
}

/** @throws {Problem} 401 or 403 */
async function identify(token: string, tokens: Tokens): Promise<Identity> {
  const identity = await tokens.verify(token);
  if (!identity) throw new Problem('unauthenticated', 'The token is missing, expired or not signed by us.');
  demandRole(identity.actor, ROLES);
  return identity;
}

function setCookie(req: Request, res: Response, token: string, identity: Identity): void {
  res.cookie(COOKIE, token, { ...cookieOptions(req), expires: expiryOf(identity) });
}

/** `secure` as the client sees it: behind a trusted proxy, what the proxy says. */
function cookieOptions(req: Request) {
  return { path: DASHBOARD, httpOnly: true, sameSite: 'strict', secure: req.secure } as const;
}

function expiryOf({ expires_at }: Identity): Date {
  return new Date(Math.min(expires_at * 1_000, Date.now() + MAX_AGE_MS));
}

function cookieOf(req: Request): string | undefined {
  const found = (req.headers.cookie ?? '').split(';').find((pair) => pair.trim().startsWith(`${COOKIE}=`));
  return found?.trim().slice(COOKIE.length + 1);
}

/** A person's browser, rather than a program or the dashboard's own script. */
function isPerson(req: Request): boolean {
  const isReading = req.method === 'GET' || req.method === 'HEAD';
  return isReading && req.headers.authorization === undefined && req.accepts(['json', 'html']) === 'html';
}

/** A form on another site may neither sign a person in or out nor do anything else here. */
function demandOwnSite(req: Request, _res: Response, next: () => void): void {
  if (!['GET', 'HEAD', 'OPTIONS'].includes(req.method) && isFromElsewhere(req)) {
    throw new Problem('forbidden', 'Requests of other sites are not taken here.');
  }
  next();
}

function isFromElsewhere(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin } = req.headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== req.host);
}

/** With a referrer of its own site, so that the form's Origin is not sent as null. */
function showPage(res: Response, html: string): void {
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' }).type('html').send(html);
}
