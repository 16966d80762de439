import { expect, test } from "bun:test";
import { holder } from "../../ipam/testing/hand-over.ts";
import type { AddressStatus } from "../../operator/address-status.ts";
import { visibleIn } from "./visible.ts";

const WEB = { kind: "Deployment", namespace: "team-b", name: "web" };
const STATUS: AddressStatus = {
  address: "10.1.2.5",
  space: "default",
  state: "allocated",
  allocation: { version: 1, holders: [holder()], origin: "dynamic", since: "" },
  reservation: { version: 1, owner: WEB, kind: "automatic", retain: "workload", since: "" },
  cooling: false,
};

const of = (namespace: string) => ({ namespace, clusterNames: undefined });

test("each namespace sees its own part, and one without any sees nothing", () => {
  expect(visibleIn(of("default"), STATUS)).toMatchObject({
    state: "allocated",
    allocation: { holders: [holder()] },
  });
  expect(visibleIn(of("default"), STATUS)?.reservation).toBeUndefined();
  expect(visibleIn(of("team-b"), STATUS)).toMatchObject({ state: "reserved", reservation: { owner: WEB } });
  expect(visibleIn(of("team-b"), STATUS)?.allocation).toBeUndefined();
  expect(visibleIn(of("team-c"), STATUS)).toBeUndefined();
});

test("what no pod holds and what is reserved for a remark is no namespace's", () => {
  const { pod: _none, ...container } = holder();
  const note = { kind: "Note", namespace: "", name: "printer" };
  const sight = {
    ...STATUS,
    allocation: { version: 1, holders: [container], origin: "dynamic", since: "" } as const,
    reservation: { version: 1, owner: note, kind: "operator", retain: "keep", since: "" } as const,
  };
  expect(visibleIn(of("default"), sight)).toBeUndefined();
});
