import { describe, expect, test } from "bun:test";
import { parseCidr } from "../../address/cidr.ts";
import { IpamError } from "../errors.ts";
import { network } from "../testing/networks.ts";
import type { Annotations } from "./annotation.ts";
import { readAnnotations } from "./annotations.ts";
import { requireClaimed } from "./unclaimed.ts";

const NETWORKS = "k8s.v1.cni.cncf.io/networks";
const web = network("web", "10.1.2.0/24");
const db = { name: "db", subnets: [parseCidr("10.9.0.0/24")] };

const st = { name: "st", subnets: [parseCidr("10.7.0.0/24")] };

function judged(
  annotations: Annotations,
  known = [db],
  asked = { network: web, ifname: "eth0" },
  attached: readonly string[] = [],
): string {
  try {
    const { unclaimed } = readAnnotations(annotations, asked);
    requireClaimed(unclaimed, annotations, asked, { known, attached: new Set(attached) });
    return "passed on";
  } catch (error) {
    if (!(error instanceof IpamError)) throw error;
    return `${error.code} ${error.message}; ${error.details}`;
  }
}

describe("an address that this network does not hold", () => {
  test("is error 102 at once for a pod without further networks, whatever others hold it", () => {
    expect(judged({ "kube-ipam.ip": "10.9.0.5" })).toBe(
      "102 address 10.9.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; " +
        "the pod's only network is 'web' with 10.1.2.0/24; correct the annotation or the network",
    );
  });

  test("is passed on when a known network holds it", () => {
    expect(judged({ "kube-ipam.ip": "10.9.0.5", [NETWORKS]: "db" })).toBe("passed on");
    expect(judged({ "kube-ipam.ips": "10.9.0.5-10.9.0.9", [NETWORKS]: "db" })).toBe("passed on");
  });

  test("is passed on while a later network is not known yet", () => {
    expect(judged({ "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "db,other" })).toBe("passed on");
  });

  test("is error 102 when all of the pod's networks are known and none holds it", () => {
    expect(judged({ "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "db" })).toBe(
      "102 address 10.8.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; the networks known here are " +
        "'web' with 10.1.2.0/24; 'db' with 10.9.0.0/24; correct the annotation or the network",
    );
  });

  test("is error 102 at the last network at the latest", () => {
    const last = { network: web, ifname: "net2" };
    expect(judged({ "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "unheard-of,web" }, [], last)).toStartWith(
      "102 address 10.8.0.5",
    );
  });

  test("is error 102 when only a network holds it that the pod does not have", () => {
    expect(judged({ "kube-ipam.ip": "10.7.0.5", [NETWORKS]: "db" }, [db, st])).toBe(
      "102 address 10.7.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; the networks known here are " +
        "'web' with 10.1.2.0/24; 'db' with 10.9.0.0/24; 'st' with 10.7.0.0/24, which is not a network of the pod; " +
        "correct the annotation or the network",
    );
  });

  test("is passed on where a network has it that the container is attached to already", () => {
    const last = { network: web, ifname: "net1" };
    const annotations = { "kube-ipam.ip": "10.7.0.5", [NETWORKS]: "web" };
    expect(judged(annotations, [db, st], last, ["st"])).toBe("passed on");
    expect(judged(annotations, [db, st], last, ["db"])).toStartWith("102 address 10.7.0.5");
  });

  test("is error 102 when a range of it only begins in a known network", () => {
    expect(judged({ "kube-ipam.ips": "10.9.0.250-10.9.1.5", [NETWORKS]: "db" })).toStartWith(
      "102 address 10.9.0.250-10.9.1.5",
    );
  });
});

describe("a key that names another network or interface", () => {
  test("is passed on when the pod has it", () => {
    for (const suffix of ["net1", "db"]) {
      expect(judged({ [`kube-ipam.ip/${suffix}`]: "10.9.0.5", [NETWORKS]: "db" })).toBe("passed on");
    }
  });

  test("is error 102 when the pod has no such network or interface", () => {
    expect(judged({ "kube-ipam.ip/net2": "10.9.0.5", [NETWORKS]: "db" })).toBe(
      "102 annotation kube-ipam.ip/net2 names 'net2', which is not a network or interface of the pod; the networks " +
        "known here are 'web' with 10.1.2.0/24; 'db' with 10.9.0.0/24; correct the annotation or the network",
    );
    expect(judged({ "kube-ipam.sticky/net1": "true" })).toStartWith("102 annotation kube-ipam.sticky/net1");
  });

  test("is passed on when an earlier network of its name is none that the store knows", () => {
    const last = { network: web, ifname: "net2" };
    expect(judged({ "kube-ipam.ip/db": "10.9.0.5", [NETWORKS]: "db,web" }, [], last)).toBe("passed on");
  });

  test("is error 102 for a container that has no further networks", () => {
    const alone = { network: web, ifname: "net1" };
    expect(judged({ "kube-ipam.ip/eth0": "10.1.2.5" }, [], alone)).toStartWith(
      "102 annotation kube-ipam.ip/eth0",
    );
  });

  test("is error 102 when others have such a network, and the pod does not", () => {
    expect(judged({ "kube-ipam.ip/st": "10.7.0.5", [NETWORKS]: "db" }, [db, st])).toStartWith(
      "102 annotation kube-ipam.ip/st names 'st', which is not a network or interface of the pod",
    );
  });

  test("is passed on where its definition may be called otherwise, until the last one is judged", () => {
    const annotations = { "kube-ipam.ip/st": "10.7.0.5", [NETWORKS]: "st-definition,web-definition" };
    const second = { network: web, ifname: "net2" };
    expect(judged(annotations, [db, st])).toBe("passed on");
    expect(judged(annotations, [db, st], second, ["st"])).toBe("passed on");
    expect(judged(annotations, [db, st], second)).toStartWith("102 annotation kube-ipam.ip/st");
  });

  test("is error 102 when it names this network's definition, and not its configuration", () => {
    const asked = { network: web, ifname: "net1" };
    expect(
      judged({ "kube-ipam.ip/web-definition": "10.1.2.5", [NETWORKS]: "web-definition" }, [db], asked),
    ).toStartWith("102 annotation kube-ipam.ip/web-definition");
  });
});
