/** A fetch that asks again: under the same Idempotency-Key, with growing pauses, never for ever. */

const FIRST_PAUSE_SECONDS = 0.1;
const LONGEST_PAUSE_SECONDS = 5;
/** After these the same request under the same key is safe: it happened once or not at all. */
const TRANSIENT = new Set([429, 500, 502, 503, 504]);

export interface Patience {
  patienceSeconds: number;
  requestTimeoutSeconds: number;
}

/** No answer in the time that was set, so nothing is known to be allowed: do not act. `cause` is what came last. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/**
 * Return a fetch that gives each POST an Idempotency-Key and repeats a request until there is an answer that will not
 * change. Rejects with `Unreachable` when patience is over. A last answer that says "later" on purpose (429, or a 503
 * of a full queue) is returned as it is; the caller's own abort is the caller's.
 */
export function insist(
  send: (request: Request) => Promise<Response>,
  patience: Patience,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    const until = performance.now() + patience.patienceSeconds * 1000;
    for (let turn = 0; ; turn++) {
      const heard = await attempt(send, request, patience);
      if (heard instanceof Response && !TRANSIENT.has(heard.status)) return heard;
      const pause = pauseSeconds(turn, heard) * 1000;
      if (performance.now() + pause > until) {
        if (heard instanceof Response && (await isDeliberate(heard))) return heard;
        const what = heard instanceof Response ? `${heard.status}` : String(heard);
        throw new Unreachable(`Waxell gave no answer to ${request.method} ${new URL(request.url).pathname}: ${what}`, {
          cause: heard,
        });
      }
      await heardOut(heard);
      await new Promise((wake) => setTimeout(wake, pause));
      request.signal.throwIfAborted();
    }
  };
}

async function attempt(
  send: (request: Request) => Promise<Response>,
  request: Request,
  patience: Patience,
): Promise<Response | Error> {
  const timeout = AbortSignal.timeout(patience.requestTimeoutSeconds * 1000);
  try {
    // A body can be read once, so each try has a copy.
    return await send(new Request(request.clone(), { signal: AbortSignal.any([request.signal, timeout]) }));
  } catch (error) {
    request.signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}

function pauseSeconds(turn: number, heard: Response | Error): number {
  const grown = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(turn, 10));
  const jittered = grown * (0.5 + Math.random() / 2);
  const wanted = heard instanceof Response ? Number(heard.headers.get("Retry-After") ?? 0) : 0;
  return jittered + (Number.isFinite(wanted) ? Math.max(0, wanted) : 0);
}

async function isDeliberate(heard: Response): Promise<boolean> {
  if (heard.status === 429) return true;
  const problem: unknown = await heard.clone().json().catch(() => undefined);
  const code = typeof problem === "object" && problem !== null && "code" in problem ? problem.code : undefined;
  return code === "queue_full" || code === "rules_busy";
}

/** Read an answer that nobody wants, so that its connection is free again. */
async function heardOut(heard: Response | Error): Promise<void> {
  if (heard instanceof Response) await heard.arrayBuffer().catch(() => undefined);
}
