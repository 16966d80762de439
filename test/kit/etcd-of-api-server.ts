import type { Kubernetes } from "./kubernetes.ts";

/** The part of an API server that writes behind its back need. */
type Behind = Pick<Kubernetes, "etcd">;

/** An object as Kubernetes keeps it; written with its very UID, which no request could ask for. */
export interface WrittenObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/**
 * Writes an object straight into the API server's etcd.
 *
 * @param folder of its kind below /registry.
 */
export async function writeBehind(kubernetes: Behind, folder: string, object: WrittenObject): Promise<void> {
  const { name, namespace } = object.metadata;
  const key = ["/registry", folder, ...(namespace === undefined ? [] : [namespace]), name].join("/");
  await call(kubernetes, "kv/put", { key: base64(key), value: base64(JSON.stringify(object)) });
}

/** Removes all objects of a kind from the API server's etcd. */
export async function removeBehind(kubernetes: Behind, folder: string): Promise<void> {
  // "0" is the character after "/".
  const range = { key: base64(`/registry/${folder}/`), range_end: base64(`/registry/${folder}0`) };
  await call(kubernetes, "kv/deleterange", range);
}

async function call({ etcd }: Behind, path: string, body: object): Promise<void> {
  const answer = await fetch(`${etcd}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the API server's etcd refused ${path}: ${await answer.text()}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
