/** How the demo speaks to the server that it is played on: over HTTP, as anybody would. */
export type Json = { [key: string]: unknown };

export interface Person {
  user_id: string;
  token: string;
}

/** @param body JSON, or text of the type that is named @throws when the answer is not a success: a demo that fails says so */
export async function call(
  url: string,
  { token }: Person,
  method: string,
  path: string,
  body?: Json | string,
  type = 'application/json',
): Promise<Json> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body: text }) });
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer.detail}`);
  return answer;
}
