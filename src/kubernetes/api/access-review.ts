import * as v from "valibot";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { Api } from "./api.ts";
import { folderOf } from "./path.ts";

/** A right in Kubernetes. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

const review = v.object({ status: v.object({ allowed: v.boolean() }) });

/**
 * Asks the API server which of these rights the kubeconfig's user lacks (authorization.k8s.io/v1,
 * SelfSubjectAccessReview). The server keeps no review.
 *
 * @param deadline milliseconds of performance.now().
 * @returns the missing rights.
 * @throws IpamError as the Cluster port says.
 */
export async function missingRights(
  settings: ClusterSettings,
  rights: readonly Right[],
  deadline: number,
): Promise<Right[]> {
  const api = new Api(loadCredentials(settings));
  const path = folderOf(REVIEWS);
  const missing: Right[] = [];
  for (const right of rights) {
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: right },
    };
    const answer = await api.request(path, deadline, {
      method: "POST",
      contentType: "application/json",
      body,
    });
    if (!answer.ok) throw api.refusal(answer, { verb: "create", kind: REVIEWS, name: {} });
    if (!api.parse(review, answer.body, path).status.allowed) missing.push(right);
  }
  return missing;
}

const REVIEWS = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
  shape: review,
} as const;
