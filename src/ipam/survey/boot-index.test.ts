import { expect, test } from "bun:test";
import type { AttachmentRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { calledBy } from "../testing/called-by.ts";
import { holder, nodeFacts } from "../testing/hand-over.ts";
import { BootIndex } from "./boot-index.ts";

const ref = (container: string) => refTo.attachment("n1", { network: "net1", container, ifname: "eth0" });
const record = (bootId: string): AttachmentRecord => ({
  version: 1,
  space: "default",
  addresses: ["10.1.2.5"],
  prefixes: [24],
  gateways: [null],
  origin: "dynamic",
  holder: { ...holder(), node: "n1", bootId, nodeVerified: true, cluster: "c" },
});
const rebooted = nodeFacts({ name: "n1", bootId: "boot-2" });

/** A node with an attachment of its former boot, which the leader has begun to look at. */
function beingLookedAt(): BootIndex {
  const index = new BootIndex(calledBy("c"));
  index.put(ref("c1"), record("boot-1"));
  expect(index.takeDue()).toEqual(["n1"]);
  expect(index.needsLook("n1", rebooted)).toBe(true);
  return index;
}

test("K233: what a node writes while the leader looks at it is there when its Node is deleted", () => {
  const index = beingLookedAt();
  index.remove(ref("c1"));
  index.put(ref("c2"), record("boot-2"));
  index.looked("n1", [], rebooted);
  for (const name of index.takeDue())
    if (index.needsLook(name, rebooted)) index.looked(name, [entry()], rebooted);
  index.changed("n1");
  expect(index.takeDue()).toEqual(["n1"]);
  expect(index.needsLook("n1", undefined)).toBe(true);
});

test("K233: a Node that is deleted while the leader looks at what it holds is looked at again", () => {
  const index = beingLookedAt();
  index.changed("n1");
  index.looked("n1", [entry()], undefined);
  expect(index.takeDue()).toEqual(["n1"]);
  expect(index.needsLook("n1", undefined)).toBe(true);
});

test("K233: a node where nothing was written meanwhile is settled, and one without anything forgotten", () => {
  const index = beingLookedAt();
  index.looked("n1", [entry()], rebooted);
  expect(index.takeDue()).toEqual([]);
  index.changed("n1");
  index.takeDue();
  index.remove(ref("c2"));
  index.looked("n1", [entry()], rebooted);
  expect(index.takeDue()).toEqual(["n1"]);
  index.looked("n1", [], rebooted);
  expect([[...index.nodes()], index.takeDue()]).toEqual([[], []]);
});

test("K238: boots are forgotten that neither a Node nor an attachment is of, however many came and went", () => {
  const index = new BootIndex(calledBy("c"));
  const life = (boot: number) => {
    const facts = nodeFacts({ name: "n1", bootId: `boot-${boot}` });
    index.put(ref("c1"), record(`boot-${boot}`));
    index.learnNodes(
      new Map([
        ["n1", facts],
        ["other", nodeFacts({ name: "other", bootId: `other-${boot}` })],
      ]),
    );
    index.takeDue();
    index.looked("n1", [{ ref: ref("c1"), record: record(`boot-${boot}`) }], facts);
  };
  for (let boot = 0; boot < 100; boot++) life(boot);
  index.learnNodes(new Map());
  expect(index.known.size).toBe(1);
  index.remove(ref("c1"));
  index.takeDue();
  index.looked("n1", [], undefined);
  index.learnNodes(new Map());
  expect(index.known.size).toBe(0);
});

test("K238: the boot of a Node that has rebooted still proves its attachments as long as one is there", () => {
  const index = new BootIndex(calledBy("c"));
  const unproven = { ...record("boot-1").holder, nodeVerified: false };
  index.put(ref("c1"), { ...record("boot-1"), holder: unproven });
  index.learnNodes(new Map([["n1", nodeFacts({ name: "n1", bootId: "boot-1" })]]));
  index.learnNodes(new Map([["n1", rebooted]]));
  expect(index.known.verified(unproven).nodeVerified).toBe(true);
});

function entry() {
  return { ref: ref("c2"), record: record("boot-2") };
}
