import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { Expiring } from "./expiring.ts";
import type { Objects } from "./objects/objects.ts";
import { openSession } from "./transactions/session.ts";

test("what is to vanish after a month is still there after a moment, and what is to vanish at once is not", async () => {
  const asked: string[] = [];
  const objects = {
    get: async ({ name }: { readonly name: string }) => {
      asked.push(name);
      return undefined;
    },
  } as unknown as Objects;
  const expiring = new Expiring(openSession(objects));
  const id = { network: "lan", container: "c1", ifname: "eth0" };
  expiring.note([
    { ref: refTo.released("n1", id), record: { version: 1, requestId: "r" }, seconds: 30 * 24 * 3600 },
    { ref: refTo.cooling("default", parseAddress("10.1.2.3")), record: { version: 1 }, seconds: 0 },
  ]);
  while (asked.length === 0) await Bun.sleep(1);
  await Bun.sleep(5);
  expect(asked).toEqual(["default.010.001.002.003"]);
  expiring.close();
});
