import { describe, expect, test } from "bun:test";
import { formatAddress } from "../../address/address.ts";
import { refusalOf } from "../testing/parse.ts";
import { parseCniArgs } from "./cni-args.ts";

const ipsOf = (text: string) =>
  parseCniArgs(text).ips.map(
    ({ address, prefix }) => formatAddress(address) + (prefix === undefined ? "" : `/${prefix}`),
  );

const KNOWN = "IgnoreUnknown, IP, K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID, K8S_POD_INFRA_CONTAINER_ID";

test("I1: what containerd and CRI-O send", () => {
  const text =
    "K8S_POD_UID=6b2e;IgnoreUnknown=1;K8S_POD_NAME=db-0;K8S_POD_INFRA_CONTAINER_ID=c0ffee;K8S_POD_NAMESPACE=data";
  expect(parseCniArgs(text)).toEqual({ ips: [], pod: { namespace: "data", name: "db-0", uid: "6b2e" } });
});

test("I4: old runtimes send no UID", () => {
  expect(parseCniArgs("K8S_POD_NAMESPACE=data;K8S_POD_NAME=db-0").pod).toEqual({
    namespace: "data",
    name: "db-0",
  });
});

test("I5: a name alone, as podman gives its containers, is no pod", () => {
  for (const text of [
    "",
    "IgnoreUnknown=1",
    "IgnoreUnknown=1;K8S_POD_NAME=web",
    "K8S_POD_NAME=db-0;K8S_POD_NAMESPACE=",
  ]) {
    expect(parseCniArgs(text)).toEqual({ ips: [] });
  }
});

test.each([
  ["K8S_POD_NAMESPACE=data", "K8S_POD_NAME"],
  ["K8S_POD_NAMESPACE=data;K8S_POD_NAME=;K8S_POD_UID=6b2e", "K8S_POD_NAME"],
  ["K8S_POD_NAME=db-0;K8S_POD_UID=6b2e", "K8S_POD_NAMESPACE"],
  ["K8S_POD_NAME=db-0;K8S_POD_INFRA_CONTAINER_ID=c0ffee", "K8S_POD_NAMESPACE"],
  ["K8S_POD_UID=6b2e", "K8S_POD_NAMESPACE and K8S_POD_NAME"],
])("FAIL-CLOSED: %s names a pod by half", (text, missing) => {
  expect(refusalOf(() => parseCniArgs(text))).toEqual({
    code: 4,
    message: `CNI_ARGS cannot be read: they name a pod without ${missing}`,
    details: "the runtime must pass both, or no K8S_* argument for a container that is not a pod",
  });
});

describe("IP", () => {
  test.each([
    ["D1", "IP=10.1.2.88", ["10.1.2.88"]],
    ["D2", "IP=10.1.2.88/24", ["10.1.2.88/24"]],
    ["D6", "IgnoreUnknown=true;IP=10.1.2.5,2001:DB8::5/64", ["10.1.2.5", "2001:db8::5/64"]],
    ["D6", "IP= 10.1.2.5 , 10.1.3.6 ", ["10.1.2.5", "10.1.3.6"]],
    ["D15", "IP=", []],
    ["D21", "IP=::ffff:10.1.2.5,10.1.2.5", ["10.1.2.5"]],
    ["the last counts", "IP=10.1.2.5;IP=10.1.2.6", ["10.1.2.6"]],
  ])("%s: %s", (_id, text, ips) => expect(ipsOf(text)).toEqual(ips));

  test("names its source", () => {
    expect(parseCniArgs("IP=10.1.2.5").ips.map(({ source }) => source)).toEqual(["CNI_ARGS IP"]);
  });

  test.each([
    ["IP=foo", "IP is 'foo'", "foo"],
    ["IP=10.1.2.5,", "IP is '10.1.2.5,'", ""],
    ["IP=10.1.2.5,010.1.2.6", "IP is '10.1.2.5,010.1.2.6'", "010.1.2.6"],
    ["IP=10.1.2.5/33", "IP is '10.1.2.5/33'", "10.1.2.5/33"],
    ["IP=10.1.2.5=6", "IP is '10.1.2.5=6'", "10.1.2.5=6"],
  ])("D14: %s", (text, problem, wrong) => {
    expect(refusalOf(() => parseCniArgs(text))).toEqual({
      code: 4,
      message: `CNI_ARGS cannot be read: ${problem}`,
      details: `'${wrong}' is not an IP address, as in IP=10.1.2.3,2001:db8::3`,
    });
  });
});

describe("pairs and unknown keys", () => {
  test.each([
    "IgnoreUnknown=1;A=B=C;;IP=10.1.2.88;",
    "colour=blue;IgnoreUnknown=TRUE",
    "IgnoreUnknown=True;=x",
    ";",
  ])("D16, D17: %s is taken", (text) => expect(() => parseCniArgs(text)).not.toThrow());

  test.each([
    ["A", "'A' has no '='", "write KEY=VALUE;KEY=VALUE"],
    ["IgnoreUnknown=1;A", "'A' has no '='", "write KEY=VALUE;KEY=VALUE"],
    ["colour=blue", "unknown keys colour", `known are ${KNOWN}; set IgnoreUnknown=1 to ignore others`],
    [
      "ip=10.1.2.3;IgnoreUnknown=0",
      "unknown keys ip",
      `known are ${KNOWN}; set IgnoreUnknown=1 to ignore others`,
    ],
    ["IgnoreUnknown=maybe", "IgnoreUnknown is 'maybe'", "use 1, true, 0 or false"],
    ["IgnoreUnknown=", "IgnoreUnknown is ''", "use 1, true, 0 or false"],
  ])("D16, D17: %s is refused", (text, problem, details) => {
    expect(refusalOf(() => parseCniArgs(text))).toEqual({
      code: 4,
      message: `CNI_ARGS cannot be read: ${problem}`,
      details,
    });
  });
});

describe("FAIL-CLOSED D23: known keys in another spelling, which IgnoreUnknown would drop", () => {
  test.each([
    ["ip", "IP"],
    ["Ip", "IP"],
    [" IP", "IP"],
    ["IP ", "IP"],
    ["IPs", "IP"],
    ["I_P", "IP"],
    ["k8s_pod_namespace", "K8S_POD_NAMESPACE"],
    ["K8S_PODNAME", "K8S_POD_NAME"],
    [" K8S_POD_UID", "K8S_POD_UID"],
  ])("%j means %s", (key, right) => {
    const text = `IgnoreUnknown=1;${key}=10.1.2.5`;
    expect(refusalOf(() => parseCniArgs(text))).toEqual({
      code: 4,
      message: `CNI_ARGS cannot be read: '${key}' is not known: did you mean ${right}?`,
      details: "correct or remove it; keys are case sensitive",
    });
    expect(parseCniArgs(text, "check")).toEqual({ ips: [] });
    expect(parseCniArgs(`IgnoreUnknown=1;${key}=`)).toEqual({ ips: [] });
  });

  test.each(["MAC", "IP6", "IPAM", "GATEWAY", "K8S_POD_IP", "PORT", "labels", "ID", ""])(
    "%j is another's",
    (key) => {
      expect(parseCniArgs(`IgnoreUnknown=1;${key}=10.1.2.5`)).toEqual({ ips: [] });
    },
  );
});

describe("CAPPED: CNI_ARGS", () => {
  const list = (count: number) =>
    Array.from({ length: count }, (_, n) => `10.${n >> 8}.${n & 255}.5`).join(",");
  const said = (args: string) => refusalOf(() => parseCniArgs(args));

  test("C68: as many addresses as a list may have are read, each once", () => {
    expect(parseCniArgs(`IP=${list(512)},${list(512)}`).ips).toHaveLength(512);
    expect(said(`IP=${list(1_025)}`)).toMatchObject({
      code: 4,
      message: "CNI_ARGS cannot be read: IP has 1025 addresses, more than 1024",
    });
  });

  test("C69: a longer text is error 4", () => {
    const filled = (length: number) => `IgnoreUnknown=1;X=${"x".repeat(length - 18)}`;
    expect(() => parseCniArgs(filled(65_536))).not.toThrow();
    expect(said(filled(65_537))).toMatchObject({
      code: 4,
      message: "CNI_ARGS cannot be read: it has 65537 characters, more than 65536",
    });
  });

  test.each([
    ["K8S_POD_NAMESPACE", 63],
    ["K8S_POD_NAME", 253],
    ["K8S_POD_UID", 128],
  ])("C72: %s has no more than %i characters; a CHECK finds that nothing was given", (key, most) => {
    const args = (length: number) =>
      Object.entries({ K8S_POD_NAMESPACE: "a", K8S_POD_NAME: "b", [key]: "n".repeat(length) })
        .map((pair) => pair.join("="))
        .join(";");
    expect(() => parseCniArgs(args(most))).not.toThrow();
    expect(said(args(most + 1))).toMatchObject({
      code: 4,
      message: `CNI_ARGS cannot be read: ${key} has ${most + 1} characters, more than ${most}`,
    });
    expect(() => parseCniArgs(args(most + 1), "check")).not.toThrow();
  });
});
