import type { Api } from "../../kubernetes/api/api.ts";
import { API_SERVICES, WEBHOOK_CONFIGURATIONS } from "../../kubernetes/api/kinds.ts";
import { patchObject } from "../../kubernetes/api/write-objects.ts";

const WEBHOOKS = { name: "kube-ipam" };
const API_SERVICE = { name: "v1.ipam.kube-ipam.io" };

/**
 * Writes the authority that the API server trusts when it calls the controller into the caBundle of the
 * ValidatingWebhookConfiguration and of the APIService, where these are installed.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function publishAuthorities(api: Api, authorities: string, deadline: number): Promise<void> {
  const bundle = Buffer.from(authorities).toString("base64");
  await patchWebhooks(api, bundle, deadline);
  await patchApiService(api, bundle, deadline);
}

async function patchWebhooks(api: Api, bundle: string, deadline: number): Promise<void> {
  const configuration = await api.get(WEBHOOK_CONFIGURATIONS, WEBHOOKS, deadline);
  if (configuration === undefined || configuration === "no such kind") return;
  const stale = configuration.webhooks.flatMap(({ clientConfig }, index) =>
    clientConfig.caBundle === bundle ? [] : [index],
  );
  if (stale.length === 0) return;
  const patch = [
    // The indexes are right only for the version that was read; a lost race is made up for next time.
    { op: "test", path: "/metadata/resourceVersion", value: configuration.metadata.resourceVersion },
    ...stale.map((index) => ({ op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: bundle })),
  ];
  await patchObject(api, WEBHOOK_CONFIGURATIONS, WEBHOOKS, { type: "json", patch }, deadline);
}

async function patchApiService(api: Api, bundle: string, deadline: number): Promise<void> {
  const service = await api.get(API_SERVICES, API_SERVICE, deadline);
  if (service === undefined || service === "no such kind") return;
  // Kubernetes refuses a bundle beside insecureSkipTLSVerify.
  if (service.spec.insecureSkipTLSVerify || service.spec.caBundle === bundle) return;
  const patch = { spec: { caBundle: bundle } };
  await patchObject(api, API_SERVICES, API_SERVICE, { type: "merge", patch }, deadline);
}
