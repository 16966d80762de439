import * as v from "valibot";

/**
 * What the client library takes for granted: that each key it knows is of the kind that client-go
 * wants. Null counts as absent, and unknown keys do not matter.
 *
 * @throws Error naming the first key that is not, never its value.
 */
export function requireKubeConfigShape(document: unknown): void {
  const result = v.safeParse(kubeConfig, document, { abortEarly: true });
  if (result.success) return;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === "number" ? `[${key}]` : `.${String(key)}`,
  );
  const where = path.join("").replace(/^\./, "");
  throw new Error(
    issue.received === "undefined" || issue.received === "null"
      ? `its key ${where} is missing`
      : `its key ${where} is of the wrong kind`,
  );
}

const text = v.nullish(v.string());
const truth = v.nullish(v.boolean());

const cluster = v.object({
  server: v.string(),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": truth,
  "tls-server-name": text,
  "proxy-url": text,
});

const exec = v.object({
  command: v.string(),
  args: v.nullish(v.array(v.string())),
  env: v.nullish(v.array(v.object({ name: v.string(), value: v.string() }))),
  apiVersion: text,
  provideClusterInfo: truth,
});

const user = v.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  as: text,
  exec: v.nullish(exec),
  "auth-provider": v.nullish(
    v.object({ name: v.string(), config: v.nullish(v.record(v.string(), v.unknown())) }),
  ),
});

const context = v.object({ cluster: text, user: text, namespace: text });

const kubeConfig = v.object({
  clusters: v.nullish(v.array(v.object({ name: v.string(), cluster }))),
  users: v.nullish(v.array(v.object({ name: v.string(), user: v.nullish(user) }))),
  contexts: v.nullish(v.array(v.object({ name: v.string(), context }))),
  "current-context": text,
});
