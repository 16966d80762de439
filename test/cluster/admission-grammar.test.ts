import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { judgeAlone } from "../../src/controller/admission/judge.ts";
import { readWorkload } from "../../src/controller/admission/workload.ts";
import { isNearMiss } from "../../src/ipam/wish/annotation-keys.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { workload } from "../kit/kubernetes-objects.ts";
import { eventually } from "../kit/wait.ts";

/**
 * The grammar is written twice, in the plugin's parser and in the policies' CEL. Random annotations on a
 * real API server show that CEL never refuses what the parser takes.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the policies' grammar: ${missing}`, () => {});

const POLICIES = join(import.meta.dir, "../../deploy/admission/policies.yaml");
/** Always the same samples: what fails here fails everywhere. */
const SEED = 20261124;
const SAMPLES = 400;

/** Mostly right, so that whole lists often are. */
const mostly = (right: readonly string[], wrong: readonly string[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
const address = mostly(
  [
    ...["10.1.2.5", "10.1.2.6", "10.1.2.250", "fd00::5", "fd00::6", "FD00::A", "1:2:3:4:5:6:7::"],
    ...["::ffff:10.1.2.7", "0:0:0:0:0:FFFF:a01:205", "::10.1.2.5", "::", "0.0.0.0", "255.255.255.255"],
  ],
  ["10.1.02.5", "10.1.2", "fd00::1::2", "fe80::1%eth0", "12345::", "10.1.2.5.6", ":::"],
);
const prefix = mostly(["", "", "/24", "/016", "/8"], ["/0", "/200", "/", "/x"]);
const mask = mostly(
  ["255.255.255.0", "255.255.0.0", "128.0.0.0", "/16", "16", "016", "255.255.255.255"],
  ["255.0.255.0", "0.0.0.0", "/129", "255.255.0", "0255.255.0.0"],
);
const dash = mostly(["-", " - "], ["--", ".."]);
const noise = fc.string({ unit: fc.constantFrom(..."0123456789abf.:/,- "), maxLength: 12 });

const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(""));
const padded = (text: fc.Arbitrary<string>) => {
  const blank = mostly(["", " "], ["  ", "\t", "\u00a0"]);
  return joined(blank, text, blank);
};
const list = (entry: fc.Arbitrary<string>, most = 2) =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .array(padded(entry), { minLength: 1, maxLength: most })
        .map((entries) => entries.join(",")),
    },
    { weight: 1, arbitrary: noise },
  );
const ip = list(joined(address, prefix));
const ips = list(fc.oneof(address, joined(address, dash, address)), 3);

const annotations = fc.oneof(
  fc.record({ "kube-ipam.ip": ip }),
  fc.record({ "kube-ipam.ip": list(address, 1), "kube-ipam.netmask": list(mask, 1) }),
  fc.record({ "kube-ipam.ip": list(address, 1), "kube-ipam.gateway": list(address, 1) }),
  fc.record({ "kube-ipam.ip/net1": list(address), "kube-ipam.netmask/net1": list(mask) }),
  fc.record({ "kube-ipam.gateway/net1": list(address), "kube-ipam.ip": ip }),
  fc.record({ "kube-ipam.ips": ips }),
  fc.record({ "kube-ipam.ips/net1": ips, "kube-vip.io/other": fc.constant("x") }),
  fc.record({ "kube-ipam.sticky": padded(mostly(["true", "false", ""], ["True", "yes"])) }),
  fc.record({
    "kube-ipam.retain": padded(
      mostly(["keep", "delete", "30m", "1d12h", "0s", ""], ["9999999999s", "-1s", "5", "m"]),
    ),
  }),
  fc.record({ "kube-ipam.ipp": fc.constant("10.1.2.5") }),
) as fc.Arbitrary<Record<string, string>>;

/** Keys of ours, near misses and others, in every mix of name, separators, word and scope that Kubernetes takes. */
const pick = (...texts: readonly string[]) => fc.constantFrom(...texts);
const domain = joined(
  pick("", "", "", "ipam.", "my-", "app."),
  pick(
    "kube-ipam",
    "kube-ipam",
    "kubeipam",
    "kube_ipam",
    "Kube-Ipam",
    "kube.ipam",
    "kube-ipm",
    "kube-iapm",
    "kube-ip",
    "kube-vip",
    "kubevirt",
  ),
  pick("", ".", ".", "-", "_", ".io/", "/", "-exporter.io/"),
);
const keys = joined(
  domain,
  pick(
    "ip",
    "ip",
    "ips",
    "IP",
    "ipp",
    "gateway",
    "gatway",
    "netmask",
    "sticky",
    "retain",
    "seen",
    "config",
    "node",
    "x",
  ),
  pick("", "", "/net1", ".net1"),
).filter((key) => (key.match(/\//g) ?? []).length < 2 && !/[-_./]$/.test(key) && !/_.*\//.test(key));

describe.skipIf(missing !== undefined)("the policies' grammar", () => {
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.kubectl("apply", "-f", POLICIES);
    await eventually(
      async () => ((await refusal(made({ "kube-ipam.ip": "x" }))) === "" ? undefined : true),
      60_000,
    );
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  function made(values: Record<string, string>): object {
    return workload("Deployment", "random", { strategy: { type: "Recreate" } }, values);
  }

  /** The API server's words against it; "" where it would take it. */
  async function refusal(object: object): Promise<string> {
    const path = "/apis/apps/v1/namespaces/default/deployments?dryRun=All";
    return kubernetes.request("POST", path, object).then(
      () => "",
      (failure: Error) => failure.message,
    );
  }

  test("CEL refuses nothing that the parser takes, and most of what it does not", async () => {
    const count = { taken: 0, refused: 0, leftToTheWebhook: 0 };
    await fc.assert(
      fc.asyncProperty(annotations, async (values) => {
        const object = made(values);
        const read = readWorkload("Deployment", "default", object);
        const parser = read === undefined ? [] : judgeAlone(read, []).findings;
        const words = await refusal(object);
        if (words !== "") expect(words).toContain("kube-ipam-refusals");
        if (parser.length === 0) {
          expect(words).toBe("");
          count.taken++;
        } else if (words === "") count.leftToTheWebhook++;
        else count.refused++;
      }),
      { seed: SEED, numRuns: SAMPLES },
    );
    expect(count.taken).toBeGreaterThan(SAMPLES / 4);
    // Left are orders, duplicates, families, hosts of a prefix.
    expect(count.refused).toBeGreaterThan(count.leftToTheWebhook);
  }, 240_000);

  test("J60, J61: of keys both say the same, be they ours, near misses or others'", async () => {
    const count = { refused: 0, taken: 0 };
    await fc.assert(
      fc.asyncProperty(keys, async (key) => {
        const words = await refusal(made({ [key]: "" }));
        expect([key, words === "" ? "taken" : "refused"]).toEqual([
          key,
          isNearMiss(key) ? "refused" : "taken",
        ]);
        if (words !== "") expect(words).toContain(`kube-ipam knows no annotation ${key}`);
        count[words === "" ? "taken" : "refused"]++;
      }),
      { seed: SEED, numRuns: SAMPLES },
    );
    expect(Math.min(count.taken, count.refused)).toBeGreaterThan(SAMPLES / 8);
  }, 240_000);
});
