import { describe, expect, test } from "bun:test";
import { type Keys, parseIpam, refusalOf } from "../testing/parse.ts";

const KEY = "io.kubernetes.cri.pod-annotations";
const kubernetesOf = (top: Keys) => parseIpam({ subnet: "10.1.2.0/24" }, { top }).kubernetes;

describe("D20: runtimeConfig's pod annotations", () => {
  test("a missing key says nothing about the pod", () => {
    for (const runtimeConfig of [undefined, null, {}, { ips: [] }]) {
      expect(kubernetesOf({ runtimeConfig })).toEqual({ annotations: "auto", capabilityDeclared: false });
    }
  });

  test("what came, as it came", () => {
    const podAnnotations = { "kube-ipam.ip": "10.1.2.9", other: "" };
    expect(kubernetesOf({ capabilities: { [KEY]: true }, runtimeConfig: { [KEY]: podAnnotations } })).toEqual(
      {
        annotations: "auto",
        capabilityDeclared: true,
        podAnnotations,
      },
    );
  });

  test("null is a pod without annotations", () => {
    expect(kubernetesOf({ runtimeConfig: { [KEY]: null } }).podAnnotations).toEqual({});
  });

  test("a capability counts as declared only when it is true", () => {
    for (const capabilities of [undefined, null, "x", {}, { [KEY]: false }, { [KEY]: "true" }]) {
      expect(kubernetesOf({ capabilities }).capabilityDeclared).toBe(false);
    }
  });
});

describe("FAIL-CLOSED: annotations that cannot be read are not 'no wish'", () => {
  test.each([
    [{ [KEY]: [] }, `runtimeConfig["${KEY}"] must be an object of strings, got []`],
    [
      { [KEY]: { "kube-ipam.ip": 5 } },
      `runtimeConfig["${KEY}"] must be an object of strings, got {"kube-ipam.ip":5}`,
    ],
    ["x", 'runtimeConfig must be an object {…}, got "x"'],
  ])("%j", (runtimeConfig, message) => {
    expect(refusalOf(() => kubernetesOf({ runtimeConfig }))).toEqual({ code: 7, message, details: "" });
  });
});
