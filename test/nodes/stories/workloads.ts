import { PAUSE } from "../../kit/nodes/images.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";

/** Pods as the stories need them, labelled app=NAME, no name twice at a time. */

export interface Plan {
  readonly name: string;
  /** "default" where it is not said. */
  readonly namespace?: string;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Over the workload's spec. */
  readonly spec?: object;
  /** Over the pods' spec. */
  readonly pod?: object;
}

export function deployment(plan: Plan): object {
  return workload("Deployment", plan, {});
}

export function statefulSet(plan: Plan): object {
  return workload("StatefulSet", plan, { serviceName: plan.name, podManagementPolicy: "Parallel" });
}

function workload(
  kind: string,
  { annotations = {}, name, namespace = "default", pod = {}, replicas = 1, spec = {} }: Plan,
  own: object,
): object {
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations }, spec: { ...POD, ...pod } },
      ...own,
      ...spec,
    },
  };
}

const POD = {
  terminationGracePeriodSeconds: 5,
  automountServiceAccountToken: false,
  containers: [{ name: "c", image: PAUSE, imagePullPolicy: "Never" }],
};

/** What a story asks of a pod. */
export interface Seen {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly address: string;
  /** One of each family. */
  readonly addresses: readonly string[];
}

/** The pods of this label that run and are not ending. */
export async function podsOf({ kubernetes }: Stage, app: string): Promise<Seen[]> {
  return (await list(kubernetes.request, app)).filter(isRunning).map(seen);
}

/** Waits until `count` pods of this label run and none is ending; in the order of their names. */
export function running({ kubernetes }: Stage, app: string, count = 1, limit = 120_000): Promise<Seen[]> {
  return eventually(async () => {
    const pods = await list(kubernetes.request, app);
    const good = pods.filter(isRunning);
    if (good.length === count && pods.length === count) return good.map(seen).sort(byOrdinal);
    await Bun.sleep(200);
    return undefined;
  }, limit).catch(async (late) => {
    throw new Error(`${String(late)}\n${await describeTrouble(kubernetes, app)}`);
  });
}

/** Waits for the one pod of this label, which is another one than `before`. */
export async function replaced(stage: Stage, app: string, before: Seen): Promise<Seen> {
  return eventually(async () => {
    const [pod] = await running(stage, app);
    return pod !== undefined && pod.uid !== before.uid ? pod : undefined;
  }, 120_000);
}

/** Waits until an event of a pod whose name begins so says this. */
export async function eventOf({ kubernetes }: Stage, pod: string, words: string): Promise<void> {
  const path = "/api/v1/events";
  let last: string[] = [];
  await eventually(async () => {
    const { items } = await kubernetes.request<{ items: readonly PodEvent[] }>("GET", path);
    last = items
      .filter(({ involvedObject }) => involvedObject.name.startsWith(pod))
      .map(({ message }) => message);
    if (last.some((message) => message.includes(words))) return true;
    await Bun.sleep(200);
    return undefined;
  }, 60_000).catch(() => {
    throw new Error(`expected an event of ${pod} that says '${words}', got:\n${last.join("\n")}`);
  });
}

/** Ends a workload with its pods and waits until they are gone. */
export async function end(
  { kubernetes }: Stage,
  kind: string,
  name: string,
  namespace = "default",
): Promise<void> {
  const object = ["-n", namespace, kind, name];
  await kubernetes.kubectl("delete", ...object, "--cascade=foreground", "--wait=false");
  await eventually(async () => {
    if ((await kubernetes.kubectl("get", ...object, "--ignore-not-found")) === "") return true;
    await Bun.sleep(200);
    return undefined;
  }, 240_000);
}

export async function cordon({ kubernetes }: Stage, node: string): Promise<AsyncDisposable> {
  await kubernetes.kubectl("cordon", node);
  return {
    [Symbol.asyncDispose]: async () => {
      await kubernetes.kubectl("uncordon", node);
    },
  };
}

interface PodEvent {
  readonly involvedObject: { readonly name: string };
  readonly message: string;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
  };
}

async function list(request: Stage["kubernetes"]["request"], app: string): Promise<readonly Pod[]> {
  const path = `/api/v1/pods?labelSelector=app%3D${app}`;
  return (await request<{ items: readonly Pod[] }>("GET", path)).items;
}

function isRunning({ metadata, status }: Pod): boolean {
  return status.phase === "Running" && status.podIP !== undefined && metadata.deletionTimestamp === undefined;
}

function seen({ metadata, spec, status }: Pod): Seen {
  const { name, uid } = metadata;
  const addresses = (status.podIPs ?? []).map(({ ip }) => ip);
  return { name, uid, node: spec.nodeName ?? "", address: status.podIP ?? "", addresses };
}

function byOrdinal(a: Seen, b: Seen): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

async function describeTrouble({ tryKubectl }: Stage["kubernetes"], app: string): Promise<string> {
  const pods = await tryKubectl("get", "pods", "-l", `app=${app}`, "-o", "wide");
  const events = await tryKubectl("get", "events", "--sort-by=.lastTimestamp");
  return `${pods.stdout}\n${events.stdout.split("\n").slice(-15).join("\n")}`;
}
