import * as v from "valibot";
import type { OwnerReference } from "../../ipam/cluster-port.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";

/** An object that is a pod, or makes pods: what of it matters for their addresses. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Of the pod itself, or of the template. */
  readonly annotations: Annotations;
  /** The keys of annotations that it has beside its template, where no pod sees them. */
  readonly besideTemplate: readonly string[];
  /** Pods that run at once; undefined where the cluster decides (one on each node). */
  readonly pods?: number;
  readonly rolling?: RollingUpdate;
  readonly owners: readonly OwnerReference[];
}

/** As the object says it: a number of pods, or a percentage of them such as "25%". */
export interface RollingUpdate {
  readonly maxSurge: number | string;
  readonly maxUnavailable: number | string;
}

/**
 * Reads what an AdmissionReview brings. Kubernetes has filled in its defaults before, but for objects
 * of old those of apps/v1 are assumed where one is missing.
 *
 * @returns undefined for an object that makes no pods.
 */
export function readWorkload(kind: string, namespace: string, object: unknown): Workload | undefined {
  const shape = SHAPES.get(kind);
  if (shape === undefined) return undefined;
  const { metadata, between = {}, ...rest } = v.parse(shape, object);
  const beside = kind === "Pod" ? {} : { ...metadata.annotations, ...between };
  const { name, generateName, uid, ownerReferences } = metadata;
  return {
    kind,
    namespace,
    name: name ?? `${generateName ?? ""}…`,
    ...(uid !== undefined && { uid }),
    owners: ownerReferences,
    besideTemplate: Object.keys(beside),
    ...rest,
  };
}

const count = v.optional(v.number(), 1);
const share = v.optional(v.union([v.number(), v.string()]), "25%");
const annotations = v.nullish(v.record(v.string(), v.string()), {});

const metadata = v.object({
  name: v.optional(v.string()),
  generateName: v.optional(v.string()),
  uid: v.optional(v.string()),
  annotations,
  ownerReferences: v.nullish(
    v.array(
      v.object({
        apiVersion: v.string(),
        kind: v.string(),
        name: v.string(),
        uid: v.string(),
        controller: v.optional(v.boolean(), false),
      }),
    ),
    [],
  ),
});

const template = v.object({ metadata: v.optional(v.object({ annotations }), {}) });

const pod = v.pipe(
  v.object({ metadata }),
  v.transform((object) => ({ ...object, annotations: object.metadata.annotations ?? {}, pods: 1 })),
);

const strategy = v.optional(
  v.object({
    type: v.optional(v.string(), "RollingUpdate"),
    rollingUpdate: v.nullish(v.object({ maxSurge: share, maxUnavailable: share })),
  }),
  {},
);

const deployment = v.pipe(
  v.object({ metadata, spec: v.object({ replicas: count, template, strategy }) }),
  v.transform(({ spec, ...object }) => ({
    metadata: object.metadata,
    annotations: spec.template.metadata.annotations ?? {},
    pods: spec.replicas,
    ...(spec.strategy.type === "RollingUpdate" && {
      rolling: spec.strategy.rollingUpdate ?? { maxSurge: "25%", maxUnavailable: "25%" },
    }),
  })),
);

const replicated = v.pipe(
  v.object({ metadata, spec: v.object({ replicas: count, template }) }),
  v.transform((object) => ({
    metadata: object.metadata,
    annotations: object.spec.template.metadata.annotations ?? {},
    pods: object.spec.replicas,
  })),
);

const onEachNode = v.pipe(
  v.object({ metadata, spec: v.object({ template }) }),
  v.transform((object) => ({
    metadata: object.metadata,
    annotations: object.spec.template.metadata.annotations ?? {},
  })),
);

/** Of KubeVirt: one launcher at a time holds the machine's address, or two while it moves. */
const machine = v.pipe(
  onEachNode,
  v.transform((object) => ({ ...object, pods: 1 })),
);

const jobSpec = v.object({ parallelism: count, template });

const job = v.pipe(
  v.object({ metadata, spec: jobSpec }),
  v.transform((object) => ofJob(object.metadata, object.spec)),
);

/** Its Jobs have annotations of their own, between its own and those of the pods. */
const jobTemplate = v.object({ metadata: v.optional(v.object({ annotations }), {}), spec: jobSpec });

const cronJob = v.pipe(
  v.object({ metadata, spec: v.object({ jobTemplate }) }),
  v.transform(({ metadata: own, spec }) => ({
    ...ofJob(own, spec.jobTemplate.spec),
    between: spec.jobTemplate.metadata.annotations ?? {},
  })),
);

function ofJob(own: v.InferOutput<typeof metadata>, spec: v.InferOutput<typeof jobSpec>) {
  return {
    metadata: own,
    annotations: spec.template.metadata.annotations ?? {},
    pods: spec.parallelism,
  };
}

type Read = Pick<Workload, "annotations" | "pods" | "rolling"> & {
  readonly metadata: v.InferOutput<typeof metadata>;
  readonly between?: Annotations;
};

const SHAPES: ReadonlyMap<string, v.GenericSchema<unknown, Read>> = new Map<
  string,
  v.GenericSchema<unknown, Read>
>([
  ["Pod", pod],
  ["Deployment", deployment],
  ["StatefulSet", replicated],
  ["ReplicaSet", replicated],
  ["DaemonSet", onEachNode],
  ["Job", job],
  ["CronJob", cronJob],
  ["VirtualMachine", machine],
]);
