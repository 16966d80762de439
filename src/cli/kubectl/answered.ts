import * as v from "valibot";
import { AbsentError } from "../../command-line/failure.ts";
import { ERROR_CODES, type ErrorName, IpamError } from "../../ipam/errors.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import type { Answer, Api } from "../../kubernetes/api/api.ts";

/** The reasons that the controller gives for a failure of its store, and for an object that does not exist. */
const STORE = "store";
const ABSENT = "absent";

const status = v.object({
  kind: v.literal("Status"),
  message: v.optional(v.string(), ""),
  details: v.optional(
    v.object({
      causes: v.optional(
        v.array(v.object({ reason: v.optional(v.string(), ""), message: v.optional(v.string(), "") })),
        [],
      ),
    }),
  ),
});

/**
 * The object in an answer of the controller.
 *
 * @throws AbsentError, StoreFailure or IpamError as the controller threw it; IpamError where Kubernetes
 *   itself refused, or no controller answered.
 */
export function answered<T>(answer: Answer, { server }: Api): T {
  if (answer.ok) return answer.body as T;
  const parsed = v.safeParse(status, answer.body);
  const message = parsed.success ? parsed.output.message : "";
  const [cause] = (parsed.success && parsed.output.details?.causes) || [];
  if (cause?.reason === ABSENT) throw new AbsentError(message, cause.message);
  if (cause?.reason === STORE) throw new StoreFailure("unavailable", message, cause.message);
  if (cause !== undefined && isErrorName(cause.reason))
    throw new IpamError(cause.reason, message, cause.message);
  throw refusedByKubernetes(answer.httpStatus, message, server);
}

function refusedByKubernetes(httpStatus: number, message: string, server: string): IpamError {
  switch (httpStatus) {
    case 401:
      return new IpamError(
        "kubernetesRefused",
        `the API server at ${server} does not accept the kubeconfig's credentials (401)`,
        "log in again, or name another kubeconfig with --kubeconfig",
      );
    case 403:
      return new IpamError(
        "kubernetesRefused",
        message,
        "ask an administrator to bind one of the ClusterRoles kube-ipam-view, -edit and -admin (deploy/rbac/operators.yaml)",
      );
    case 404:
      return new IpamError(
        "invalidConfig",
        `the cluster at ${server} does not serve kube-ipam's API`,
        "install kube-ipam's controller with its APIService (docs/kubectl-ipam.md)",
      );
    case 503:
      return new IpamError(
        "tryAgain",
        "kube-ipam's controller does not answer",
        "see 'kubectl get apiservice v1.ipam.kube-ipam.io -o yaml' and the controller's pods",
      );
    default:
      return new IpamError(
        "kubernetesRefused",
        `the API server at ${server} answered ${httpStatus}${message === "" ? "" : `: ${message}`}`,
      );
  }
}

function isErrorName(text: string): text is ErrorName {
  return Object.hasOwn(ERROR_CODES, text);
}
