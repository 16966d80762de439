import * as v from "valibot";

/** What is read of Kubernetes objects; everything else in them is ignored. */

/** Null stands for absent, as in Go. */
const optionalText = v.pipe(
  v.nullish(v.string()),
  v.transform((text) => text ?? undefined),
);
const texts = v.nullish(v.record(v.string(), v.string()), {});

const ownerReference = v.object({
  apiVersion: v.string(),
  kind: v.string(),
  name: v.string(),
  uid: v.string(),
  controller: v.optional(v.boolean(), false),
});

const metadata = v.object({
  name: v.string(),
  namespace: v.optional(v.string(), ""),
  uid: v.string(),
  resourceVersion: v.optional(v.string(), ""),
  deletionTimestamp: optionalText,
  annotations: texts,
  labels: texts,
  ownerReferences: v.nullish(v.array(ownerReference), []),
});

export const anyObject = v.object({ metadata });

export const pod = v.object({
  metadata,
  spec: v.nullish(v.object({ nodeName: optionalText, hostNetwork: v.optional(v.boolean(), false) }), {}),
  status: v.nullish(
    v.object({
      phase: optionalText,
      podIP: optionalText,
      podIPs: v.nullish(v.array(v.object({ ip: v.string() })), []),
    }),
    {},
  ),
});

export const node = v.object({
  metadata,
  spec: v.nullish(v.object({ taints: v.nullish(v.array(v.object({ key: v.string() })), []) }), {}),
  status: v.nullish(
    v.object({
      conditions: v.nullish(v.array(v.object({ type: v.string(), status: v.string() })), []),
      nodeInfo: v.optional(v.object({ bootID: v.optional(v.string(), "") })),
    }),
    {},
  ),
});

export const statefulSet = v.object({
  metadata,
  spec: v.object({ ordinals: v.optional(v.object({ start: v.optional(v.number(), 0) })) }),
});

const template = v.nullish(v.object({ metadata: v.nullish(v.object({ annotations: texts })) }));

/** A workload with a template of its pods, where Kubernetes' own have it; a CronJob's is its Jobs'. */
export const templated = v.object({
  metadata,
  spec: v.nullish(
    v.object({ template, jobTemplate: v.nullish(v.object({ spec: v.nullish(v.object({ template })) })) }),
    {},
  ),
});

/** KubeVirt's api/core/v1, VirtualMachineInstanceMigrationState. */
export const virtualMachineInstance = v.object({
  metadata,
  status: v.optional(
    v.object({
      migrationState: v.optional(
        v.object({
          completed: v.optional(v.boolean(), false),
          failed: v.optional(v.boolean(), false),
          endTimestamp: v.nullish(v.string()),
        }),
      ),
    }),
    {},
  ),
});

/** KubeVirt's api/core/v1, VirtualMachineInstanceMigration. */
export const migration = v.object({
  metadata,
  spec: v.object({ vmiName: v.string() }),
  status: v.optional(v.object({ phase: v.optional(v.string(), "") }), {}),
});

/** Who leads among replicas. Its times are for people: they are never compared (NO-CLOCKS). */
export const lease = v.object({
  metadata,
  spec: v.object({
    holderIdentity: v.nullish(v.string(), ""),
    leaseDurationSeconds: v.nullish(v.number(), 0),
    leaseTransitions: v.nullish(v.number(), 0),
  }),
});

/** Values are base64. */
export const secret = v.object({ metadata, data: texts, type: v.optional(v.string(), "") });

export const configMap = v.object({ metadata, data: texts });

export const webhookConfiguration = v.object({
  metadata,
  webhooks: v.optional(
    v.array(v.object({ name: v.string(), clientConfig: v.object({ caBundle: optionalText }) })),
    [],
  ),
});

export const apiService = v.object({
  metadata,
  spec: v.object({ caBundle: optionalText, insecureSkipTLSVerify: v.optional(v.boolean(), false) }),
});

/** A pool as an object of the cluster; `spec` is for the parser of configurations to read. */
export const poolObject = v.object({
  metadata: v.object({
    name: v.string(),
    uid: v.optional(v.string(), ""),
    generation: v.optional(v.number(), 0),
    creationTimestamp: v.nullish(v.string(), ""),
  }),
  spec: v.optional(v.unknown()),
  status: v.optional(v.unknown()),
});

/** What the API server answers instead of an object. */
export const status = v.object({
  kind: v.literal("Status"),
  message: v.optional(v.string(), ""),
  reason: v.optional(v.string(), ""),
});

export const resourceList = v.object({
  kind: v.literal("APIResourceList"),
  resources: v.array(v.object({ name: v.string(), kind: v.string(), namespaced: v.boolean() })),
});

export type AnyObject = v.InferOutput<typeof anyObject>;
export type Pod = v.InferOutput<typeof pod>;
export type NodeObject = v.InferOutput<typeof node>;
export type ApiService = v.InferOutput<typeof apiService>;
export type WebhookConfiguration = v.InferOutput<typeof webhookConfiguration>;
export type ConfigMap = v.InferOutput<typeof configMap>;
export type Secret = v.InferOutput<typeof secret>;
export type PoolOfApi = v.InferOutput<typeof poolObject>;
export type Lease = v.InferOutput<typeof lease>;
export type Instance = v.InferOutput<typeof virtualMachineInstance>;
export type Migration = v.InferOutput<typeof migration>;
