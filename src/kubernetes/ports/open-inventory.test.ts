import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { Inventory } from "../../ipam/inventory-port.ts";
import { apiStatus, object, startFakeApi } from "../testing/fake-api.ts";
import { openInventory } from "./open-inventory.ts";

const api = startFakeApi();
const inventory: Inventory = openInventory({ kubeConfig: api.kubeConfig() });
afterAll(() => api.close());
beforeEach(() => {
  api.answers.clear();
  api.requests.length = 0;
});

function soon(): number {
  return performance.now() + 2_000;
}

async function names(list: AsyncIterable<{ readonly name: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of list) found.push(name);
  return found;
}

describe("the inventory", () => {
  test("reads a long list page by page", async () => {
    const asked: (string | null)[] = [];
    api.answers.set("/api/v1/pods", (request) => {
      const { searchParams } = new URL(request.url);
      const token = searchParams.get("continue");
      asked.push(token);
      expect(searchParams.get("limit")).toBe("500");
      return token === null
        ? { metadata: { continue: "a/b=" }, items: [object("p1", "u1"), object("p2", "u2")] }
        : { metadata: {}, items: [object("p3", "u3")] };
    });
    expect(await names(inventory.pods(soon()))).toEqual(["p1", "p2", "p3"]);
    expect(asked).toEqual([null, "a/b="]);
  });

  test("lists nodes", async () => {
    api.answers.set("/api/v1/nodes", { metadata: {}, items: [object("n1", "u1")] });
    expect(await names(inventory.nodes(soon()))).toEqual(["n1"]);
  });

  test("a refusal names the verb and the rule", async () => {
    api.answers.set("/api/v1/pods", apiStatus(403, "Forbidden", "no"));
    await expect(names(inventory.pods(soon()))).rejects.toThrow(
      "Kubernetes does not allow this account to list pods in the cluster",
    );
  });

  test("a list that breaks off is an error, never a short list", async () => {
    api.answers.set("/api/v1/pods", (request) =>
      request.url.includes("continue=")
        ? apiStatus(410, "Expired", "too old")
        : { metadata: { continue: "c" }, items: [object("p1", "u1")] },
    );
    await expect(names(inventory.pods(soon()))).rejects.toThrow("could not answer (HTTP 410)");
  });

  test("what is no list is no empty cluster", async () => {
    api.answers.set("/api/v1/pods", { hello: "world" });
    await expect(names(inventory.pods(soon()))).rejects.toThrow(
      "did not answer as a Kubernetes API server does",
    );
  });
});
