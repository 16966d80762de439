import type { Api } from "../../kubernetes/api/api.ts";
import { SECRETS } from "../../kubernetes/api/kinds.ts";
import type { Secret } from "../../kubernetes/api/shapes.ts";
import { createObject, replaceObject } from "../../kubernetes/api/write-objects.ts";
import { renewed, type ServingMaterial } from "./serving-material.ts";

const KEYS = {
  authorities: "ca.crt",
  authorityKey: "ca.key",
  certificate: "tls.crt",
  key: "tls.key",
} as const;

/**
 * The serving material of all replicas, from their Secret. The first replica that finds it missing or
 * due makes it anew; a replica that was overtaken takes what the other wrote.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function sharedMaterial(
  api: Api,
  name: { readonly namespace: string; readonly name: string },
  hosts: readonly string[],
  deadline: number,
): Promise<ServingMaterial> {
  for (;;) {
    const secret = await api.getBuiltIn(SECRETS, name, deadline);
    const present = secret && materialOf(secret);
    const material = await renewed(present, hosts, new Date());
    if (material === present) return material;
    const body = bodyOf(name, material, secret);
    const outcome =
      secret === undefined
        ? await createObject(api, SECRETS, name, body, deadline)
        : await replaceObject(api, SECRETS, name, body, deadline);
    if (outcome !== "exists" && outcome !== "conflict") return material;
  }
}

function materialOf({ data }: Secret): ServingMaterial {
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  return {
    authorities: text(KEYS.authorities),
    authorityKey: text(KEYS.authorityKey),
    certificate: text(KEYS.certificate),
    key: text(KEYS.key),
  };
}

function bodyOf(
  name: { readonly namespace: string; readonly name: string },
  material: ServingMaterial,
  secret: Secret | undefined,
): object {
  const data = Object.fromEntries(
    Object.entries(KEYS).map(([field, key]) => [
      key,
      Buffer.from(material[field as keyof ServingMaterial]).toString("base64"),
    ]),
  );
  const { labels = {}, resourceVersion } = secret?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { ...name, labels, ...(resourceVersion && { resourceVersion }) },
    data,
  };
}
