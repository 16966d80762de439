import { describe, expect, test } from "bun:test";
import { IpamError } from "../errors.ts";
import { network } from "../testing/networks.ts";
import type { Annotations } from "./annotation.ts";
import { isNearMiss } from "./annotation-keys.ts";
import { readAnnotations } from "./annotations.ts";
import { furtherNetworks } from "./further-networks.ts";
import { listedAddresses } from "./listed-addresses.ts";

const ASKED = { network: network("lan", "10.0.0.0/8", "fd00::/64"), ifname: "eth0" };
const KEY = "k8s.v1.cni.cncf.io/networks";
const list = (count: number, step = 256) =>
  Array.from({ length: count }, (_, n) => address(n * step + 300)).join(",");

describe("CAPPED: what annotations ask for", () => {
  test.each([
    ["kube-ipam.ips", 1_024],
    ["kube-ipam.ip", 128],
    ["kube-ipam.netmask", 128],
    ["kube-ipam.gateway", 128],
  ])("J70: %s has no more than %i entries", (key, most) => {
    const annotations = (count: number) => ({ "kube-ipam.ip": "10.0.0.9", [key]: list(count) });
    expect(refusal(annotations(most))?.details ?? "").not.toContain("entries");
    const { code, details } = refusal(annotations(most + 1)) ?? {};
    expect(code).toBe(103);
    expect(details).toStartWith(`expected at most ${most} entries, not ${most + 1}`);
  });

  test("J71: a set has no more than 65,536 addresses, its ranges counted out", () => {
    const set = (last: string) => ({ "kube-ipam.ips": `10.0.0.9,10.1.0.0-10.1.${last}` });
    expect(refusal(set("255.254"))).toBeUndefined();
    expect(refusal(set("255.255"))?.details).toStartWith("expected at most 65536 addresses, not 65537");
    expect(refusal({ "kube-ipam.ips": "fd00::1-fd00::1:0:0" })?.code).toBe(103);
  });

  test.each(["ip", "ips", "netmask", "gateway", "sticky", "retain"])(
    "J72: kube-ipam.%s has no more than 64 KiB, and a message repeats little of it",
    (word) => {
      const failure = refusal({ "kube-ipam.ip": "10.0.0.9", [`kube-ipam.${word}`]: "é".repeat(65_537) });
      expect(failure?.code).toBe(103);
      expect(failure?.details).toStartWith("expected at most 65536 characters, not 65537");
      expect(failure?.message.length).toBeLessThan(400);
      expect(failure?.message).toContain("(65537 characters)");
    },
  );

  test("J73: a pod has no more than 128 annotations of ours", () => {
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`kube-ipam.ip/net${n}`, "10.0.0.9"]));
    expect(refusal(keys(128))).toBeUndefined();
    expect(refusal(keys(129))?.message).toBe("the pod has 129 annotations kube-ipam.*, more than 128");
  });

  test("J74: of the pod's list of networks 64 are looked at", () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `n${n}`);
    expect(furtherNetworks({ [KEY]: names.join(",") })).toHaveLength(64);
    expect(furtherNetworks({ [KEY]: JSON.stringify(names.map((name) => ({ name }))) })).toHaveLength(64);
  });

  test("J74: an entry of it names no more than 1,024 addresses", () => {
    const listed = (count: number) =>
      listedAddresses(
        { [KEY]: JSON.stringify([{ name: "lan", interface: "eth0", ips: list(count).split(",") }]) },
        ASKED,
      );
    expect(listed(1_024)).toHaveLength(1_024);
    expect(() => listed(1_025)).toThrow(IpamError);
  });

  test("a key that Kubernetes would not take is judged by its beginning", () => {
    expect(isNearMiss(`kube_ipam.ip/${"x".repeat(300_000)}`)).toBe(true);
    expect(isNearMiss(".kubeipam".repeat(100_000))).toBe(false);
  });
});

function refusal(annotations: Annotations): IpamError | undefined {
  try {
    readAnnotations(annotations, ASKED);
    return undefined;
  } catch (failure) {
    if (failure instanceof IpamError) return failure;
    throw failure;
  }
}

function address(offset: number): string {
  return `10.${(offset >> 16) & 255}.${(offset >> 8) & 255}.${offset & 255}`;
}
