import { expect, test } from "bun:test";
import { refTo } from "../../../ipam/ref-to.ts";
import { objectOf } from "../objects/home.ts";
import type { Objects } from "../objects/objects.ts";
import { SharedGets } from "./shared-gets.ts";

const META = objectOf(refTo.meta);
const FIRST = { resource: META.resource, from: META.name, limit: 1 };

/** Counts requests, and answers each when it is told to. */
function requests() {
  const waiting: (() => void)[] = [];
  const deadlines: number[] = [];
  const answer = async ({ deadline }: { readonly deadline: number }) => {
    deadlines.push(deadline);
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const objects: Pick<Objects, "get" | "page"> = {
    get: async (_, options) => {
      await answer(options);
      return undefined;
    },
    page: async (_, options) => {
      await answer(options);
      return { items: [], version: String(deadlines.length) };
    },
  };
  const answerAll = async (all: readonly Promise<unknown>[]) => {
    const done = Promise.all(all).then(() => true);
    while (!(await Promise.race([done, Bun.sleep(0)]))) for (const tell of waiting.splice(0)) tell();
  };
  return { deadlines, shared: new SharedGets(objects), answerAll };
}

test("looks that begin while one is under way are one look, which begins after it, until the latest of them", async () => {
  const { answerAll, deadlines, shared } = requests();
  const options = (n: number) => ({ deadline: 10_000 + n });
  const pages = Array.from({ length: 64 }, (_, n) => shared.page(FIRST, options(n)));
  const gets = Array.from({ length: 64 }, (_, n) => shared.get(META, options(n)));
  await answerAll([...pages, ...gets]);
  expect(deadlines).toEqual([10_000, 10_000, 10_063, 10_063]);
  const versions = await Promise.all(pages.map(async (page) => (await page).version));
  expect(new Set(versions.slice(1)).size).toBe(1);
  expect(versions[1]).not.toBe(versions[0]);
});

test("who must be done earlier waits for nobody", async () => {
  const { answerAll, deadlines, shared } = requests();
  const patient = [shared.page(FIRST, { deadline: 10_000 }), shared.page(FIRST, { deadline: 10_100 })];
  await answerAll([...patient, shared.page(FIRST, { deadline: 1_000 })]);
  expect(deadlines).toEqual([10_000, 1_000, 10_100]);
});

test("other objects are other looks, and after the end of one begins another", async () => {
  const { answerAll, deadlines, shared } = requests();
  const options = { deadline: 10_000 };
  await answerAll([shared.get(META, options), shared.get(objectOf(refTo.network("lan")), options)]);
  expect(deadlines.length).toBe(2);
  await answerAll([shared.get(META, options)]);
  expect(deadlines.length).toBe(3);
});
