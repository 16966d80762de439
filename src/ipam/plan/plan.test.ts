import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { network } from "../testing/networks.ts";
import type { Wish } from "../wish.ts";
import { planTargets } from "./plan.ts";

const OWNER = { kind: "StatefulSet", namespace: "default", name: "db", uid: "u" };
const RECORD: OwnerRecord = {
  version: 1,
  owner: OWNER,
  addresses: ["10.1.2.9", "fd00::9"],
  slots: { "0": ["10.1.2.9", "fd00::9"] },
};

function planned(wish: Partial<Wish>, of = network("net", "10.1.2.0/24", "fd00::/64")): string[] {
  const request: AddRequest = {
    attachment: { network: "net", container: "c", ifname: "eth0" },
    namespacePath: "",
    network: of,
    wish: { fixed: [], sticky: false, retain: "workload", owner: { owner: OWNER, ordinal: 0 }, ...wish },
    deadline: 0,
  };
  return planTargets(request, RECORD).map((target) =>
    target.kind === "named" ? `${formatAddress(target.address)} ${target.origin}` : `any ${target.origin}`,
  );
}

test("J44: each range set has what is wished of it: an address, a list, what was given before", () => {
  const fixed = [{ address: parseAddress("10.1.2.5"), source: "kube-ipam.ip" }];
  const set = [parseInterval("fd00::5-fd00::7")];
  expect(planned({ fixed, set })).toEqual(["10.1.2.5 fixed", "fd00::5 fixed"]);
  expect(planned({ fixed, sticky: true })).toEqual(["10.1.2.5 fixed", "fd00::9 sticky"]);
  expect(planned({ set, sticky: true })).toEqual(["10.1.2.9 sticky", "fd00::5 fixed"]);
  expect(planned({ fixed, set: [parseInterval("10.1.2.7")] })).toEqual(["10.1.2.5 fixed", "any dynamic"]);
});

test("each ordinal has an address of its own where several ranges are parts of one subnet", () => {
  const of = network("net", "10.1.2.0/24");
  const [set] = of.sets;
  const ranges = ["10.1.2.10-10.1.2.19", "10.1.2.30-10.1.2.39"].flatMap((text) =>
    (set?.ranges ?? []).map((range) => ({ ...range, dynamic: parseInterval(text) })),
  );
  const listed = ["10.1.2.33", "10.1.2.12-10.1.2.13"].map(parseInterval);
  const given = [0, 1, 2].flatMap((ordinal) =>
    planned({ set: listed, owner: { owner: OWNER, ordinal } }, { ...of, sets: [{ ranges }] }),
  );
  expect(given).toEqual(["10.1.2.33 fixed", "10.1.2.12 fixed", "10.1.2.13 fixed"]);
});
