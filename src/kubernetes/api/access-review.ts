import * as v from "valibot";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { Api } from "./api.ts";

/** One thing that somebody may or may not do. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

const review = v.object({ status: v.object({ allowed: v.boolean() }) });

/**
 * Whether the kubeconfig's user may do each of these, by the API server's own word
 * (authorization.k8s.io/v1, SelfSubjectAccessReview). Nothing is made: a review is not kept.
 *
 * @returns what it may not do.
 * @throws IpamError as the Cluster port says.
 */
export async function missingRights(
  settings: ClusterSettings,
  rights: readonly Right[],
  deadline: number,
): Promise<Right[]> {
  const api = new Api(loadCredentials(settings));
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
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
