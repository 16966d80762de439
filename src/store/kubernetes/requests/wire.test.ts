import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { parseAddress } from "../../../address/address.ts";
import type { Holder, Ref } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import type { Content } from "../objects/content.ts";
import { objectOf as homeOf } from "../objects/home.ts";
import type { NewObject, StoredObject } from "../objects/objects.ts";
import { refText } from "../objects/ref-text.ts";
import { bodyOf, objectOf, storedObject } from "./wire.ts";

const ADDRESS = parseAddress("10.188.0.216");
const ID = { network: "lan", container: "c1", ifname: "eth0" };
const SINCE = "2026-11-29T13:14:43.111Z";

const HOLDER: Holder = {
  attachment: ID,
  pod: { namespace: "shop", name: "db-0", uid: "u1" },
  node: "b",
  nodeVerified: true,
  bootId: "b1",
  namespace: { path: "/run/netns/1", inode: "4026532" },
  requestId: "r1",
};

const OWNER = { kind: "StatefulSet", namespace: "shop", name: "db" };

/** An address that pod db-0 of node b has, and that an operator has reserved. */
const HELD: Content = contentOf(
  [refTo.allocation("default", ADDRESS), { version: 1, holders: [HOLDER], origin: "fixed", since: SINCE }],
  [
    refTo.reservation("default", ADDRESS),
    { version: 1, owner: OWNER, kind: "operator", retain: "keep", since: SINCE },
  ],
  [
    refTo.attachment("b", ID),
    {
      version: 1,
      space: "default",
      addresses: ["10.188.0.216"],
      prefixes: [24],
      gateways: [null],
      origin: "fixed",
      holder: HOLDER,
    },
  ],
);

const META = contentOf([
  refTo.meta,
  { version: 1, uuid: "s1", state: "recovering", epoch: 7, recovery: "r" },
]);

function contentOf(...records: readonly (readonly [Ref, object])[]): Content {
  return new Map(records.map(([ref, record]) => [refText(ref), { ref, record }]));
}

interface Body {
  readonly metadata: object;
  readonly spec: Readonly<Record<string, unknown>>;
}

function written(object: Omit<NewObject, "written">): Body {
  return bodyOf({ ...object, written: "w1" }) as Body;
}

function read(resource: "addressrecords" | "storerecords", { metadata, spec }: Body): StoredObject {
  const answered = { metadata: { uid: "u", resourceVersion: "1", ...metadata }, spec };
  return objectOf(resource, v.parse(storedObject, JSON.parse(JSON.stringify(answered))));
}

const address = homeOf(refTo.allocation("default", ADDRESS));
const meta = homeOf(refTo.meta);

describe("K261: what policies judge of an object is what its records say", () => {
  test("of an address its holders, the attachment and whose reservation it is, now and as prepared", () => {
    const { spec } = written({
      id: address,
      content: new Map(),
      prepared: { transaction: "t", content: HELD },
    });
    expect(spec).toMatchObject({ state: "Free", holders: [], attachments: [] });
    expect(spec.prepared).toMatchObject({
      holders: [{ node: "b", pod: "shop/db-0", attachment: "lan c1 eth0" }],
      attachments: [{ node: "b" }],
      reservedBy: "operator",
      reservedFor: "StatefulSet shop/db",
    });
  });

  test("of the store's identity what it is, and whether it gives out addresses", () => {
    expect(written({ id: meta, content: META }).spec).toMatchObject({
      ref: '["meta"]',
      identity: { uuid: "s1", state: "recovering", epoch: 7, recovery: "r" },
    });
  });

  test("what is written is believed when it is read", () => {
    for (const content of [HELD, new Map()]) {
      const object = read(
        "addressrecords",
        written({ id: address, content, prepared: { transaction: "t", content: HELD } }),
      );
      expect([object.content?.size, object.prepared?.content?.size, object.damage]).toEqual([
        content.size,
        HELD.size,
        undefined,
      ]);
    }
    expect(read("storerecords", written({ id: meta, content: META })).content?.size).toBe(1);
  });

  const { spec } = written({ id: address, content: HELD });
  const rewritten = String(spec.records).replace("4026532", "1");
  const LIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "a holder that its records do not have": { records: "[]" },
    "records with a holder that it does not name": { holders: [] },
    "another namespace of the holder": { records: rewritten },
    "an attachment less": { attachments: [] },
    "an operator's reservation as an automatic one": { reservedBy: "automatic" },
    "another owner": { reservedFor: "Note x" },
    "the records of another address": {
      records: String(spec.records).replaceAll("10.188.0.216", "10.188.0.217"),
    },
    "a summary of another form": { holders: [{}] },
  };
  for (const [lie, changed] of Object.entries(LIES)) {
    test(`damaged: ${lie}`, () => {
      const object = read("addressrecords", {
        metadata: { name: address.name },
        spec: { ...spec, ...changed },
      });
      expect(object.content).toBeUndefined();
    });
  }

  test("damaged: deleted by somebody, and kept by a finalizer: a write would let it vanish", () => {
    const body = written({ id: address, content: HELD, prepared: { transaction: "t", content: HELD } });
    const metadata = { ...body.metadata, deletionTimestamp: SINCE, finalizers: ["example.com/kept"] };
    const object = read("addressrecords", { ...body, metadata });
    expect([object.content, object.prepared?.content]).toEqual([undefined, undefined]);
    expect(object.damage).toContain("finalizers");
  });

  test("damaged: prepared to be what its summary does not say", () => {
    const body = written({ id: address, content: new Map(), prepared: { transaction: "t", content: HELD } });
    const prepared = { ...(body.spec.prepared as object), holders: [] };
    const object = read("addressrecords", { ...body, spec: { ...body.spec, prepared } });
    expect([object.content?.size, object.prepared?.content, object.damage]).toEqual([
      0,
      undefined,
      "spec.holders does not say what its records say",
    ]);
  });

  test("damaged: an identity that says ready of a store that is being recovered, or a record under another name", () => {
    const body = written({ id: meta, content: META });
    const identity = { ...(body.spec.identity as object), state: "ready" };
    expect(read("storerecords", { ...body, spec: { ...body.spec, identity } }).content).toBeUndefined();
    const named = { ...body, metadata: { name: "owner.default.1" } };
    expect(read("storerecords", named).content).toBeUndefined();
    expect(
      read("storerecords", { ...body, spec: { ...body.spec, ref: '["network","n"]' } }).content,
    ).toBeUndefined();
  });
});
