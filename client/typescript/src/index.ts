/**
 * Waxell's execution calls, typed from its OpenAPI document, over a fetch that insists.
 *
 * `schema.ts` is generated (`npm run generate`); here is only how to reach the server and how to ask again.
 */

import createClient, { type Client } from "openapi-fetch";

import { insist } from "./insist.js";
import type { components, paths } from "./schema.js";

export { insist, Unreachable } from "./insist.js";
export type { components, paths } from "./schema.js";

export type Waxell = Client<paths>;
export type Decision = components["schemas"]["Decided"];
export type Problem = components["schemas"]["Problem"];

export interface Options {
  /** Where Waxell is; WAXELL_URL where it is left out. */
  url?: string;
  /** An agent's key; WAXELL_API_KEY where it is left out. */
  apiKey?: string;
  /** For how long one call is tried again, 30 by default; then it rejects with `Unreachable`. */
  patienceSeconds?: number;
  /** One try of it, 10 by default. */
  requestTimeoutSeconds?: number;
  /** What sends; the global fetch by default. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Waxell does not accept the request. `code` is stable; `problem` has all that it says. */
export class Rejected extends Error {
  override readonly name = "Rejected";
  readonly code: string;

  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super([problem.title ?? "Waxell does not accept this.", problem.detail].filter(Boolean).join(" "));
    this.code = problem.code ?? "";
  }
}

/** A client of all calls in `paths`. Throws where nobody says where Waxell is, or whose key to use. */
export function createWaxell(options: Options = {}): Waxell {
  const url = options.url ?? environment("WAXELL_URL");
  const key = options.apiKey ?? environment("WAXELL_API_KEY");
  if (!url) throw new TypeError("Where is Waxell? Give url or set WAXELL_URL, like http://localhost:8000.");
  if (!key) throw new TypeError("Waxell needs an agent's key: give apiKey or set WAXELL_API_KEY.");
  return createClient<paths>({
    baseUrl: url.replace(/\/+$/, ""),
    headers: { Authorization: `Bearer ${key}` },
    // Followed, a redirection would carry the key to wherever it leads.
    redirect: "manual",
    fetch: insist(options.fetch ?? ((request) => fetch(request)), {
      patienceSeconds: options.patienceSeconds ?? 30,
      requestTimeoutSeconds: options.requestTimeoutSeconds ?? 10,
    }),
  });
}

/** The body of an answer. Rejects with `Rejected` for a problem, so that nothing goes on without an answer. */
export async function answer<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (data === undefined) {
    throw new Rejected(response.status, (typeof error === "object" && error) || {});
  }
  return data;
}

function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env[name];
}
