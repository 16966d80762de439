import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { loadCredentials } from "../credentials/credentials.ts";
import { apiStatus, startFakeApi } from "../testing/fake-api.ts";
import { Api } from "./api.ts";
import { followObjects } from "./follow-objects.ts";
import { NODES } from "./kinds.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());

let asked: string[];
let failures: unknown[];
/** What the watches tell, one after the other; the last one goes on for ever. */
let watches: (string | Response)[][];
let listed: string[];

const node = (name: string, resourceVersion: string) => ({
  metadata: { name, uid: `u-${name}`, resourceVersion },
});
const line = (type: string, name: string, version: string) =>
  `${JSON.stringify({ type, object: node(name, version) })}\n`;
const TOO_OLD = `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410 } })}\n`;

beforeEach(() => {
  asked = [];
  failures = [];
  watches = [];
  listed = ["n1", "n2"];
  fake.answers.set("/api/v1/nodes", (request) => {
    const query = new URL(request.url).searchParams;
    if (query.get("watch") === null) {
      asked.push(`list ${query.get("limit")} ${query.get("continue") ?? ""}`.trim());
      const [first = "", ...rest] = listed;
      return query.get("continue") === null
        ? { metadata: { continue: "more", resourceVersion: "10" }, items: [node(first, "1")] }
        : { metadata: { resourceVersion: "10" }, items: rest.map((name) => node(name, "1")) };
    }
    asked.push(`watch ${query.get("resourceVersion")} ${query.get("allowWatchBookmarks")}`);
    const lines = watches.shift();
    const [only] = lines ?? [];
    if (only instanceof Response) return only;
    const body = new ReadableStream({
      start: (controller) => {
        for (const text of lines ?? []) controller.enqueue(new TextEncoder().encode(String(text)));
        if (lines !== undefined) controller.close();
      },
    });
    return new Response(body);
  });
});

/** What is seen until `count` things were. */
async function seen(count: number): Promise<string[]> {
  const ending = new AbortController();
  const found: string[] = [];
  const options = { signal: ending.signal, failed: (failure: unknown) => void failures.push(failure) };
  for await (const each of followObjects(api, NODES, options)) {
    found.push("object" in each ? `${each.kind} ${each.object.metadata.name}` : each.kind);
    if (found.length === count) ending.abort();
  }
  return found;
}

const LISTED = ["listing", "present n1", "present n2", "listed"];

describe("K204: following objects", () => {
  test("lists page by page, then tells each change from there; bookmarks tell nothing", async () => {
    watches = [
      [
        line("ADDED", "n3", "11"),
        line("MODIFIED", "n1", "12"),
        line("BOOKMARK", "", "20"),
        line("DELETED", "n2", "21"),
      ],
    ];
    expect(await seen(7)).toEqual([...LISTED, "present n3", "present n1", "gone n2"]);
    expect(asked).toEqual(["list 500", "list 500 more", "watch 10 true"]);
  });

  test("a watch that ends goes on where it ended, without a list", async () => {
    watches = [[line("ADDED", "n3", "11"), line("BOOKMARK", "", "20")], [line("ADDED", "n4", "21")]];
    expect(await seen(6)).toEqual([...LISTED, "present n3", "present n4"]);
    expect(asked).toEqual(["list 500", "list 500 more", "watch 10 true", "watch 20 true"]);
    expect(failures).toEqual([]);
  });

  test("what the API server no longer knows is listed again", async () => {
    watches = [[TOO_OLD]];
    expect((await seen(8)).slice(4)).toEqual(LISTED);
    expect(asked.filter((each) => each === "list 500")).toHaveLength(2);
    expect(failures).toEqual([]);
  });

  test("a lost connection or a refusal is told, and the watch tried again from where it was", async () => {
    watches = [[apiStatus(500, "InternalError", "no")], [line("ADDED", "n3", "11")]];
    expect(await seen(5)).toEqual([...LISTED, "present n3"]);
    expect(asked).toEqual(["list 500", "list 500 more", "watch 10 true", "watch 10 true"]);
    expect(failures).toHaveLength(1);
  });
});
