import { expect, test } from "bun:test";
import type { Context } from "hono";
import type { Addresses } from "../../operator/addresses.ts";
import type { Placed } from "../../operator/list-items.ts";
import { list } from "./list.ts";

test("K129: few lists are made at once, few wait, and the rest hears to try again", async () => {
  const started: (() => void)[] = [];
  const addresses = {
    items: async function* (): AsyncGenerator<Placed> {
      await new Promise<void>((resolve) => started.push(resolve));
    },
  } as unknown as Addresses;
  const request = {
    req: { query: () => ({}), header: () => undefined },
  } as unknown as Context;
  const asked = Array.from({ length: 70 }, () =>
    list(request, addresses, "ann").then(
      () => "listed",
      (failure: Error) => failure.name,
    ),
  );
  while (started.length > 0 || (await Promise.race([Promise.all(asked), Bun.sleep(0)])) === undefined) {
    expect(started.length).toBeLessThanOrEqual(2);
    started.shift()?.();
    await Bun.sleep(0);
  }
  const answers = await Promise.all(asked);
  expect(answers.filter((each) => each === "listed")).toHaveLength(66);
  expect(answers.filter((each) => each === "tryAgain")).toHaveLength(4);
});
