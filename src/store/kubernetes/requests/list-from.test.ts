import { expect, test } from "bun:test";
import { type Ask, listFrom } from "./list-from.ts";

const NAMES = Array.from({ length: 1_234 }, (_, n) => `a.${String(n).padStart(4, "0")}`);

/** An API server with these names, which takes tokens of its own only, or any. */
function server(takesAny: boolean) {
  let asked = 0;
  const ask: Ask<string> = async ({ limit, token }) => {
    asked += 1;
    const own = /^own-(\d+)$/.exec(token);
    if (token !== "" && own === null && !takesAny) return "refused";
    const start =
      own === null
        ? (JSON.parse(Buffer.from(token, "base64url").toString() || '{"start":""}') as { start: string })
            .start
        : (NAMES[Number(own[1])] ?? "~");
    const left = NAMES.filter((name) => name >= start);
    const items = left.slice(0, limit);
    const end = NAMES.indexOf(items.at(-1) ?? "") + 1;
    return { items, version: "7", token: left.length > limit ? `own-${end}` : "" };
  };
  return { ask, asked: () => asked };
}

test.each([true, false])("from any name, whether the API server takes our token: %p", async (takesAny) => {
  const { ask } = server(takesAny);
  const found: string[] = [];
  for (let next: string | undefined = "a.0400"; next !== undefined; ) {
    const page: Awaited<ReturnType<typeof listFrom<string>>> = await listFrom(ask, (name) => name, next, 300);
    expect(page.items.length).toBeLessThanOrEqual(300);
    found.push(...page.items);
    next = page.next;
  }
  expect(found).toEqual(NAMES.slice(400));
  expect(await listFrom(ask, (name) => name, "b", 10)).toEqual({ items: [], version: "7" });
});

test("where it takes our token, a window costs one request", async () => {
  const { ask, asked } = server(true);
  await listFrom(ask, (name) => name, "a.1000", 100);
  expect(asked()).toBe(1);
});
