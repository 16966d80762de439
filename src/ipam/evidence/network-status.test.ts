import { expect, test } from "bun:test";
import { podFacts } from "../testing/hand-over.ts";
import { hidesBecause, shownPlaces } from "./network-status.ts";

const DEFAULT = { name: "cbr0", interface: "eth0", ips: ["10.244.0.9"], default: true };
const NET1 = { name: "default/lan", interface: "net1", ips: ["10.1.2.3"] };

function pod(status: unknown, asked?: string) {
  const text = typeof status === "string" ? status : JSON.stringify(status);
  const annotations = {
    ...(status !== undefined && { "k8s.v1.cni.cncf.io/network-status": text }),
    ...(asked !== undefined && { "k8s.v1.cni.cncf.io/networks": asked }),
  };
  return podFacts({ annotations, podIPs: ["10.244.0.9"] });
}

test.each([
  [[DEFAULT, NET1]],
  [[DEFAULT, { ...NET1, ips: null }]],
  [[DEFAULT, { name: "default/l2", interface: "net1" }]],
  [undefined],
  [[]],
])("a status that tells all hides nothing: %j", (status) => {
  expect(hidesBecause(pod(status))).toBeUndefined();
});

const UNREADABLE = [
  "",
  "{",
  "null",
  {},
  [null],
  [[]],
  ["10.1.2.3"],
  [DEFAULT, { ...NET1, ips: "10.1.2.3" }],
  [DEFAULT, { ...NET1, ips: ["10.1.2"] }],
  [DEFAULT, { ...NET1, ips: [{ ip: "10.1.2.3" }] }],
  [DEFAULT, { ...NET1, interface: 7 }],
];

test.each(UNREADABLE.map((status) => ({ status })))(
  "M41: a status of which a part cannot be read may hide addresses: %j",
  ({ status }) => {
    expect(hidesBecause(pod(status))).toBe("unreadable");
  },
);

test("M41: what else stands in such a status is shown", () => {
  const shown = shownPlaces(pod([null, NET1, { ...NET1, interface: "net2", ips: 7 }]));
  expect(shown.map(({ ifname, text }) => `${text} ${ifname}`)).toEqual([
    "10.1.2.3 net1",
    "10.244.0.9 undefined",
  ]);
});

test.each([
  [undefined, "lan"],
  [[DEFAULT], "lan"],
  [[DEFAULT, NET1], "lan, kube-system/db@net2"],
  [[DEFAULT, NET1], '[{"name":"lan"},{"name":"db"}]'],
  [[DEFAULT], "[{"],
])("M41: a status with fewer networks than the pod asks for may hide one: %j, %s", (status, asked) => {
  expect(hidesBecause(pod(status, asked))).toBe("missing");
  expect(hidesBecause(pod([DEFAULT, NET1, { ...NET1, interface: "net2" }], asked))).toBeUndefined();
});
