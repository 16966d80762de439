import * as v from "valibot";

/**
 * Takes `value` for what `shape` describes: each key that it knows is of the kind that client-go wants.
 * Null and "" count as absent, and unknown keys do not matter.
 *
 * @param where stands before the keys in messages: "users[0].user".
 * @throws Error naming the first key that is not, never its value.
 */
export function readAs<T>(shape: v.GenericSchema<unknown, T>, value: unknown, where = ""): T {
  const result = v.safeParse(shape, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === "number" ? `[${key}]` : `.${String(key)}`,
  );
  const key = (where + path.join("")).replace(/^\./, "");
  const isMissing = issue.received === "undefined" || issue.received === "null";
  throw new Error(`its key ${key} is ${isMissing ? "missing" : "of the wrong kind"}`);
}

const text = v.pipe(
  v.nullish(v.string()),
  v.transform((value) => value || undefined),
);
const truth = v.nullish(v.boolean());
const anything = v.optional(v.unknown());

const listOf = <T>(shape: v.GenericSchema<unknown, T>) => v.nullish(v.array(shape), []);

/**
 * The names that a kubeconfig has. The entries themselves are read where one is chosen: YAML's aliases
 * make a thousand of one, and reading each of them would be work without a bound.
 */
export const outline = v.object({
  clusters: listOf(v.object({ name: v.string(), cluster: anything })),
  users: listOf(v.object({ name: v.string(), user: anything })),
  contexts: listOf(v.object({ name: v.string(), context: anything })),
  "current-context": text,
});

export const contextShape = v.object({ cluster: text, user: text, namespace: text });

export type ClusterEntry = v.InferOutput<typeof clusterShape>;

export const clusterShape = v.object({
  server: v.string(),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": truth,
  "tls-server-name": text,
  "proxy-url": text,
});

export type ExecEntry = v.InferOutput<typeof execShape>;

const execShape = v.object({
  command: v.string(),
  args: v.nullish(v.array(v.string())),
  env: v.nullish(v.array(v.object({ name: v.string(), value: v.string() }))),
  apiVersion: text,
  provideClusterInfo: truth,
});

export type UserEntry = v.InferOutput<typeof userShape>;

export const userShape = v.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  as: text,
  "as-uid": text,
  "as-groups": v.nullish(v.array(v.string())),
  "as-user-extra": v.nullish(v.looseObject({})),
  exec: v.nullish(execShape),
  "auth-provider": v.nullish(v.object({ name: v.string() })),
});
