/**
 * Which web pages may open sockets. CORS does not protect WebSockets: a page of another site may open one, so its origin
 * is looked at here. Sockets take no cookies, and where no origins are named every page may.
 */
import type { Config } from '../../infra/process/config.ts';

/** @param origin undefined for what is no browser. @param host as the request names it */
export type IsLetIn = (origin: string | undefined, host: string | undefined) => boolean;

export function createOrigins(config: Config): IsLetIn {
  const named = new Set(config.WEBSOCKET_CORS_ALLOWED_ORIGINS ?? config.CORS_ORIGINS);
  const own = config.PUBLIC_URL === undefined ? undefined : new URL(config.PUBLIC_URL).origin;
  return (origin, host) =>
    origin === undefined || named.size === 0 || named.has(origin) || origin === own || isOfHost(origin, host);
}

/** A proxy may have ended TLS, so the scheme is taken from the page. */
function isOfHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = `${new URL(origin).protocol}//${host}`;
  return URL.canParse(page) && new URL(page).origin === origin;
}
