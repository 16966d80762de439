import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { apiStatus, startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import { watchFences } from "./watch-fences.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());
beforeEach(() => fake.answers.clear());

function line(type: string, name: string, state: { ready?: string; bootID?: string; taint?: boolean } = {}) {
  const { bootID = "b1", ready = "True", taint = false } = state;
  const taints = taint ? [{ key: "node.kubernetes.io/out-of-service" }] : [];
  const status = { conditions: [{ type: "Ready", status: ready }], nodeInfo: { bootID } };
  return JSON.stringify({ type, object: { metadata: { name, uid: `u-${name}` }, spec: { taints }, status } });
}

/** How often it rings for these lines, which come in pieces that end anywhere. */
async function rings(...lines: string[]): Promise<number> {
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  fake.answers.set("/api/v1/nodes", (request) => {
    expect(new URL(request.url).searchParams.get("watch")).toBe("1");
    const body = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < bytes.length; at += 37) controller.enqueue(bytes.slice(at, at + 37));
        controller.close();
      },
    });
    return new Response(body);
  });
  let count = 0;
  await watchFences(api, () => count++, new AbortController().signal);
  return count;
}

describe("watching for fences", () => {
  test("what is there, and what says nothing new, is quiet", async () => {
    expect(await rings(line("ADDED", "n1"), line("ADDED", "n2"), line("MODIFIED", "n1"))).toBe(0);
  });

  test.each([
    ["is deleted", line("DELETED", "n1")],
    ["is not ready", line("MODIFIED", "n1", { ready: "Unknown" })],
    ["is tainted", line("MODIFIED", "n1", { taint: true })],
    ["was rebooted", line("MODIFIED", "n1", { bootID: "b2" })],
  ])("rings when a node %s", async (_, change) => {
    expect(await rings(line("ADDED", "n1"), change, line("BOOKMARK", "n1"))).toBe(1);
  });

  test("a refusal names the verb; the end of the signal ends the watch", async () => {
    fake.answers.set("/api/v1/nodes", apiStatus(403, "Forbidden", "no"));
    const watching = (signal: AbortSignal) => watchFences(api, () => undefined, signal);
    await expect(watching(new AbortController().signal)).rejects.toThrow(
      "does not allow this account to watch nodes",
    );
    fake.answers.set("/api/v1/nodes", () => new Response(new ReadableStream({ start: () => undefined })));
    const ending = new AbortController();
    const over = watching(ending.signal);
    ending.abort();
    await over;
  });
});
