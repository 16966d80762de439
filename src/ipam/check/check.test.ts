import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord, PodId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { add, attachment, createWorld, smallNetwork } from "../testing/world.ts";
import { check } from "./check.ts";

const pod = { namespace: "default", name: "p", uid: "uid-1" };

async function world() {
  const { node, ports } = createWorld();
  const here = ports(node("n1"));
  await add(here, "c1", { pod });
  return { here, there: ports(node("n2")) };
}

interface Asked {
  readonly expected?: string[];
  readonly container?: string;
  readonly pod?: PodId;
}

async function code(ports: Ports, asked: Asked = {}): Promise<number | "ok"> {
  const request = {
    attachment: attachment(asked.container ?? "c1"),
    network: smallNetwork(),
    expected: (asked.expected ?? ["10.1.2.2"]).map(parseAddress),
    deadline: performance.now() + 1000,
    ...(asked.pod && { pod: asked.pod }),
  };
  return check(request, ports).then(
    () => "ok",
    (failure) => failure.code,
  );
}

describe("CHECK", () => {
  test.each<[string, Asked, number | "ok"]>([
    ["what the store says", {}, "ok"],
    ["and more, of other plugins", { expected: ["192.0.2.1", "10.1.2.2"] }, "ok"],
    ["the same pod", { pod }, "ok"],
    ["a runtime that tells no UID", { pod: { namespace: "default", name: "p" } }, "ok"],
    ["another address", { expected: ["10.1.2.3"] }, 107],
    ["no address", { expected: [] }, 107],
    ["another pod", { pod: { ...pod, uid: "uid-2" } }, 107],
    ["nothing known of it", { container: "c2" }, 107],
  ])("%s", async (_name, asked, expected) => {
    expect(await code((await world()).here, asked)).toBe(expected);
  });

  test("on another node there is no record of it", async () => {
    expect(await code((await world()).there)).toBe(107);
  });

  test("an address that the store gave to somebody else is a mismatch", async () => {
    const { here } = await world();
    const ref = { kind: "allocation", space: "default", address: parseAddress("10.1.2.2") } as const;
    await here.store.commit({ guards: [], puts: [], deletes: [ref] }, { deadline: performance.now() + 1000 });
    expect(await code(here)).toBe(107);
  });

  test.each<[string, Partial<MetaRecord>, number]>([
    ["another store", { uuid: "another" }, 106],
    ["a store that is being recovered", { state: "recovering" }, 11],
  ])("%s is no mismatch", async (_name, change, expected) => {
    const { here } = await world();
    const record: MetaRecord = { version: 1, uuid: "another", state: "ready", ...change };
    const put = { ref: refTo.meta, record } as const;
    await here.store.commit({ guards: [], puts: [put], deletes: [] }, { deadline: performance.now() + 1000 });
    expect(await code(here, { container: "c2" })).toBe(expected);
  });
});
