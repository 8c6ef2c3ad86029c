/** The two small pages before and after the dashboard. No script, and nothing from elsewhere. */

const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { display: grid; min-height: 100vh; margin: 0; place-items: center; }
  main { box-sizing: border-box; width: min(30rem, 100vw); padding: 1.5rem; }
  h1 { margin: 0 0 1rem; font-size: 1.4rem; }
  label { display: block; font-weight: 600; }
  input, button { box-sizing: border-box; width: 100%; margin-top: .5rem; padding: .6rem; font: inherit; }
  button { margin-top: 1rem; cursor: pointer; }
  code { font-size: .9em; overflow-wrap: anywhere; }
  [role=alert] { padding: .6rem; border: 1px solid #c33; border-radius: .25rem; }
`;

/** @param refusal why the last try was refused, in our own words */
export function loginPage(refusal?: string): string {
  return page(
    'Sign in to the jobs',
    `${refusal === undefined ? '' : `<p role="alert">${refusal}</p>\n`}<form method="post" action="/jobs/login">
<label for="token">Token of a super_admin</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>
<p>One is made by <code>npx --no-install plearoll token --role super_admin</code>. You are signed out when it expires.</p>`,
  );
}

export function logoutPage(): string {
  return page(
    'Sign out of the jobs',
    `<form method="post" action="/jobs/logout">
<button type="submit" autofocus>Sign out</button>
</form>
<p><a href="/jobs/">Back to the jobs</a></p>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} - Plearoll</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}
