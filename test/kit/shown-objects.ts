import { type FakeApi, object } from "../../src/kubernetes/testing/fake-api.ts";

/** What a pod of the namespace "default" has beside its name. */
interface ShownPod {
  readonly nodeName?: string;
  readonly annotations?: object;
  readonly ownerReferences?: readonly object[];
}

/** CNI_ARGS of a pod of the namespace "default", as containerd sends them. */
export function podArgs(name: string, uid: string): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=${uid}`;
}

/** From now on the API server shows this pod; its CNI_ARGS. */
export function showPod(api: FakeApi, name: string, uid: string, pod: ShownPod = {}): string {
  const { nodeName, ...metadata } = pod;
  const spec = nodeName === undefined ? {} : { nodeName };
  api.answers.set(
    `/api/v1/namespaces/default/pods/${name}`,
    object(name, uid, { ...metadata, spec, status: {} }),
  );
  return podArgs(name, uid);
}

/** From now on the API server shows these Nodes and no others, without boots and conditions. */
export function showNodes(api: FakeApi, ...names: string[]): void {
  const folder = "/api/v1/nodes";
  for (const path of [...api.answers.keys()]) if (path.startsWith(`${folder}/`)) api.answers.delete(path);
  const items = names.map((name) => ({ metadata: { name, uid: name }, spec: {}, status: {} }));
  for (const item of items) api.answers.set(`${folder}/${item.metadata.name}`, item);
  api.answers.set(folder, { kind: "NodeList", metadata: {}, items });
}
