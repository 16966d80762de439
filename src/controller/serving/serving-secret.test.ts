import { expect, test } from "bun:test";
import { IpamError } from "../../ipam/errors.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import { sharedMaterial } from "./serving-secret.ts";

const NAME = { namespace: "kube-ipam", name: "kube-ipam-controller-tls" };

interface Stored {
  type: string;
  data?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Says what was asked of Kubernetes, where this Secret is. `mayMake`: without it, the shipped role's right. */
function kubernetes(secret: Stored | undefined, mayMake = true) {
  const asked: object[] = [];
  const object = () =>
    secret && {
      metadata: { resourceVersion: "7", labels: {}, annotations: secret.annotations ?? {} },
      data: secret.data ?? {},
      type: secret.type,
    };
  const api = {
    getBuiltIn: async () => object(),
    request: async (_path: string, _deadline: number, sending: { method: string; body: Stored }) => {
      asked.push(sending);
      if (sending.method === "POST" && !mayMake) return { ok: false, httpStatus: 403, body: {} };
      if (sending.method === "POST") secret = { type: sending.body.type };
      if (secret) secret.data = sending.body.data ?? {};
      return { ok: true, httpStatus: 200, body: object() };
    },
    parse: (_shape: unknown, body: unknown) => body,
    refusal: () => new IpamError("kubernetesRefused", "may not create secrets", ""),
  };
  return { api: api as unknown as Api, asked };
}

test("K147: an empty Secret is filled in, guarded by its version, and read from then on", async () => {
  const { api, asked } = kubernetes({ type: "Opaque" });
  const made = await sharedMaterial(api, NAME, ["a.svc"], 0);
  expect(made.authorities).toStartWith("-----BEGIN CERTIFICATE-----");
  expect(asked).toMatchObject([{ method: "PATCH", body: { metadata: { resourceVersion: "7" } } }]);
  expect(await sharedMaterial(api, NAME, ["a.svc"], 0)).toEqual(made);
  expect(asked).toHaveLength(1);
});

test("K147: a Secret that is not there is made by who may", async () => {
  const { api, asked } = kubernetes(undefined);
  await sharedMaterial(api, NAME, ["a.svc"], 0);
  expect(asked).toMatchObject([{ method: "POST", body: { type: "Opaque" } }, { method: "PATCH" }]);
});

test("K147: who may not make one says which Secret is missing", async () => {
  const { api, asked } = kubernetes(undefined, false);
  const refused = await sharedMaterial(api, NAME, ["a.svc"], 0).catch((failure) => failure);
  expect(refused).toMatchObject({ name: "kubernetesRefused" });
  expect(String(refused.message)).toContain("there is no Secret kube-ipam/kube-ipam-controller-tls");
  expect(asked).toHaveLength(1);
});

const STRANGE: Readonly<Record<string, Stored>> = {
  "is a service account's": { type: "kubernetes.io/service-account-token" },
  "is for bootstrapping": { type: "bootstrap.kubernetes.io/token" },
  "asks for an account's token": {
    type: "Opaque",
    annotations: { "kubernetes.io/service-account.name": "default" },
  },
};

for (const [title, secret] of Object.entries(STRANGE)) {
  test(`K147: a Secret that ${title} is not written`, async () => {
    const { api, asked } = kubernetes(secret);
    const refused = await sharedMaterial(api, NAME, ["a.svc"], 0).catch((failure) => failure);
    expect(refused).toMatchObject({ name: "kubernetesRefused" });
    expect(String(refused.message)).toContain("kube-ipam/kube-ipam-controller-tls");
    expect(asked).toEqual([]);
  });
}
