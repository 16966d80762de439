import { type Kubernetes, type KubernetesWish, startKubernetes } from "../../test/kit/kubernetes.ts";
import { installStoreResources } from "../../test/kit/store-resources.ts";

/** An API server with the store's resources, whose etcd writes as in production. */
export async function storeServer(wish: KubernetesWish = {}): Promise<Kubernetes> {
  const kubernetes = await startKubernetes({ ...wish, durable: true });
  try {
    await installStoreResources(kubernetes);
    return kubernetes;
  } catch (failure) {
    await kubernetes[Symbol.asyncDispose]();
    throw failure;
  }
}

/** Does a job for each of these numbers, so many at once; answers how many of them were done in a second. */
export async function perSecond(
  from: number,
  count: number,
  atOnce: number,
  job: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = from;
  const worker = async () => {
    while (next < from + count) {
      next += 1;
      await job(next - 1);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (count / (performance.now() - begin)) * 1000;
}
