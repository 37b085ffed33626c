/** Asks and tells twenty times over a bad wire, then says what Waxell thinks of an address and a key that are wrong. */

import { answer, createWaxell, Rejected, Unreachable } from "waxell-client";

const waxell = createWaxell({ patienceSeconds: 20, requestTimeoutSeconds: 5 });
const run = await answer(waxell.POST("/api/v1/executions/", { body: { workflow: "errand" } }));
const path = { execution_id: run.id };
const fence = run.lease?.fence ?? 0;
for (let turn = 0; turn < 20; turn++) {
  const body = { fence, kind: "tool.call" as const, resource: "search", args: { turn } };
  const asked = await answer(waxell.POST("/api/v1/executions/{execution_id}/actions/", { params: { path }, body }));
  await answer(
    waxell.POST("/api/v1/executions/{execution_id}/actions/{seq}/result/", {
      params: { path: { ...path, seq: asked.seq } },
      body: { fence, status: "ok" },
    }),
  );
}
await answer(
  waxell.POST("/api/v1/executions/{execution_id}/close/", { params: { path }, body: { fence, outcome: "completed" } }),
);
console.log(run.id);

const nobody = createWaxell({ url: "http://127.0.0.1:1", patienceSeconds: 0.3 });
console.log(await nobody.POST("/api/v1/executions/", { body: { workflow: "errand" } }).catch(named(Unreachable)));

const stranger = createWaxell({ apiKey: "wxk_0123456789abcdef_nothing" });
console.log(await answer(stranger.POST("/api/v1/executions/", { body: { workflow: "errand" } })).catch(named(Rejected)));

function named(kind: new (...words: never[]) => Error): (error: unknown) => string {
  return (error) => (error instanceof kind ? error.name + ("code" in error ? ` ${String(error.code)}` : "") : `not ${kind.name}`);
}
