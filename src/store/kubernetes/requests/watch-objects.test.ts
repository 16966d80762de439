import { expect, test } from "bun:test";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { watchObjects } from "./watch-objects.ts";

const object = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: name, resourceVersion },
  spec: { records: "[]", written: "w" },
});

/** An API server that tells one change and a bookmark, then is away once, and goes on. */
function serverOf(asked: string[]) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      asked.push(new URL(request.url).searchParams.get("resourceVersion") ?? "");
      if (asked.length === 2) return new Response("starting", { status: 503 });
      const lines =
        asked.length === 1
          ? [
              { type: "MODIFIED", object: object("a", "5") },
              { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
            ]
          : [{ type: "MODIFIED", object: object("b", "10") }];
      return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    },
  });
}

async function follow(goesOn: boolean): Promise<{ told: string[]; asked: string[]; failed: boolean }> {
  const asked: string[] = [];
  const server = serverOf(asked);
  const ending = new AbortController();
  const credentials = {
    server: `http://127.0.0.1:${server.port}`,
    apply: async () => ({ headers: {}, tls: {} }),
    examined: async (tls: object) => tls,
    lookAtCertificate: async () => undefined,
  } as unknown as Credentials;
  const told: string[] = [];
  let failed = false;
  try {
    const options = { signal: ending.signal, opened: () => undefined, goesOn };
    for await (const { object: seen } of watchObjects(
      credentials,
      { resource: "storerecords" },
      "3",
      options,
    )) {
      told.push(seen.id.name);
      if (told.length === 2) ending.abort();
    }
  } catch {
    failed = true;
  } finally {
    await server.stop(true);
  }
  return { told, asked: asked.slice(0, 3), failed };
}

test("K319: one of several watches goes on from its last bookmark when the API server was away; a single one says so", async () => {
  expect(await follow(true)).toEqual({ told: ["a", "b"], asked: ["3", "9", "9"], failed: false });
  expect(await follow(false)).toEqual({ told: ["a"], asked: ["3", "9"], failed: true });
});
