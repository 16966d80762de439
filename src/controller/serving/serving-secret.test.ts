import { expect, test } from "bun:test";
import type { Api } from "../../kubernetes/api/api.ts";
import { sharedMaterial } from "./serving-secret.ts";

const NAME = { namespace: "kube-ipam", name: "kube-ipam-controller-tls" };

interface Stored {
  type: string;
  data?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Says what was asked of Kubernetes, where this Secret is. */
function kubernetes(secret: Stored | undefined) {
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
      if (secret) secret.data = sending.body.data ?? {};
      return { ok: true, httpStatus: 200, body: object() };
    },
    parse: (_shape: unknown, body: unknown) => body,
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

const STRANGE: Readonly<Record<string, Stored | undefined>> = {
  "is not there": undefined,
  "is a service account's": { type: "kubernetes.io/service-account-token" },
  "is for bootstrapping": { type: "bootstrap.kubernetes.io/token" },
  "asks for an account's token": {
    type: "Opaque",
    annotations: { "kubernetes.io/service-account.name": "default" },
  },
};

for (const [title, secret] of Object.entries(STRANGE)) {
  test(`K147: a Secret that ${title} is neither made nor written`, async () => {
    const { api, asked } = kubernetes(secret);
    const refused = await sharedMaterial(api, NAME, ["a.svc"], 0).catch((failure) => failure);
    expect(refused).toMatchObject({ name: "kubernetesRefused" });
    expect(String(refused.message)).toContain("kube-ipam/kube-ipam-controller-tls");
    expect(asked).toEqual([]);
  });
}
