import { IpamError } from "../../ipam/errors.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import { SECRETS } from "../../kubernetes/api/kinds.ts";
import type { Secret } from "../../kubernetes/api/shapes.ts";
import { createObject, patchObject } from "../../kubernetes/api/write-objects.ts";
import { renewed, type ServingMaterial } from "./serving-material.ts";

const KEYS = {
  authorities: "ca.crt",
  authorityKey: "ca.key",
  certificate: "tls.crt",
  key: "tls.key",
} as const;

/** As the chart makes it, and as earlier controllers did. Kubernetes itself fills Secrets of other types. */
const TYPES = ["Opaque", "kubernetes.io/tls"];
/** Asks Kubernetes to put a service account's token into a Secret. */
const OF_AN_ACCOUNT = "kubernetes.io/service-account.";

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The serving material of all replicas, from their Secret, which the installation has made; where it is missing it
 * is made, which only a user may who has that right. The first replica that finds the material missing or due makes
 * it anew; a replica that was overtaken takes what the other wrote.
 *
 * @throws IpamError as the Cluster port says; kubernetesRefused where there is no Secret and none may be made, or it
 * is not the controller's.
 */
export async function sharedMaterial(
  api: Api,
  name: SecretName,
  hosts: readonly string[],
  deadline: number,
): Promise<ServingMaterial> {
  for (;;) {
    const secret = await api.getBuiltIn(SECRETS, name, deadline);
    if (secret === undefined) {
      await makeEmpty(api, name, deadline);
      continue;
    }
    requireOurs(secret, name);
    const present = materialOf(secret);
    const material = await renewed(present, hosts, new Date());
    if (material === present) return material;
    const patch = {
      // Only if nobody else has written meanwhile; what others put beside the material stays.
      metadata: { resourceVersion: secret.metadata.resourceVersion },
      data: dataOf(material),
    };
    if (await patchObject(api, SECRETS, name, { type: "merge", patch }, deadline)) return material;
  }
}

async function makeEmpty(api: Api, name: SecretName, deadline: number): Promise<void> {
  const body = { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata: name };
  try {
    await createObject(api, SECRETS, name, body, deadline);
  } catch (failure) {
    if (failure instanceof IpamError && failure.name === "kubernetesRefused") throw missing(name);
    throw failure;
  }
}

function materialOf({ data }: Secret): ServingMaterial | undefined {
  if (data[KEYS.authorities] === undefined) return undefined;
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  return {
    authorities: text(KEYS.authorities),
    authorityKey: text(KEYS.authorityKey),
    certificate: text(KEYS.certificate),
    key: text(KEYS.key),
  };
}

function dataOf(material: ServingMaterial): Record<string, string> {
  return Object.fromEntries(
    Object.entries(KEYS).map(([field, key]) => [
      key,
      Buffer.from(material[field as keyof ServingMaterial]).toString("base64"),
    ]),
  );
}

/** A Secret that somebody else has prepared could hold another's token beside our key, or be served to others. */
function requireOurs({ metadata, type }: Secret, { name, namespace }: SecretName): void {
  const strange = Object.keys(metadata.annotations).find((key) => key.startsWith(OF_AN_ACCOUNT));
  if (TYPES.includes(type) && strange === undefined) return;
  throw new IpamError(
    "kubernetesRefused",
    `the Secret ${namespace}/${name} is not the controller's: ${strange === undefined ? `its type is ${type}` : `it has the annotation ${strange}`}`,
    "find out who made it, delete it, and apply the one of the chart or of deploy/rbac/controller.yaml",
  );
}

function missing({ name, namespace }: SecretName): IpamError {
  return new IpamError(
    "kubernetesRefused",
    `there is no Secret ${namespace}/${name} for the serving certificate`,
    `the chart and deploy/rbac/controller.yaml make it, empty; so does 'kubectl -n ${namespace} create secret generic ${name}'`,
  );
}
