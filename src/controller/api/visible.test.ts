import { expect, test } from "bun:test";
import { holder } from "../../ipam/testing/hand-over.ts";
import type { Sight } from "../../operator/address-status.ts";
import { visibleIn } from "./visible.ts";

const WEB = { kind: "Deployment", namespace: "team-b", name: "web" };
const SIGHT: Sight = {
  address: "10.1.2.5",
  space: "default",
  state: "allocated",
  allocation: { version: 1, holders: [holder()], origin: "dynamic", since: "" },
  reservation: { version: 1, owner: WEB, kind: "automatic", retain: "workload", since: "" },
  cooling: false,
};

test("each namespace sees its own part, and one without any sees nothing", () => {
  expect(visibleIn("default", SIGHT)).toMatchObject({
    state: "allocated",
    allocation: { holders: [holder()] },
  });
  expect(visibleIn("default", SIGHT)?.reservation).toBeUndefined();
  expect(visibleIn("team-b", SIGHT)).toMatchObject({ state: "reserved", reservation: { owner: WEB } });
  expect(visibleIn("team-b", SIGHT)?.allocation).toBeUndefined();
  expect(visibleIn("team-c", SIGHT)).toBeUndefined();
});

test("what no pod holds and what is reserved for a remark is no namespace's", () => {
  const { pod: _none, ...container } = holder();
  const note = { kind: "Note", namespace: "", name: "printer" };
  const sight = {
    ...SIGHT,
    allocation: { version: 1, holders: [container], origin: "dynamic", since: "" } as const,
    reservation: { version: 1, owner: note, kind: "operator", retain: "keep", since: "" } as const,
  };
  expect(visibleIn("default", sight)).toBeUndefined();
});
