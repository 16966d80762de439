/** What Kubernetes' makers of names put behind the last dash: five letters and digits, none of them a vowel. */
const RANDOM = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/**
 * Whether a pod may come back under its very name, as the pods of StatefulSets, StrimziPodSets and the like do.
 * A name that ends at random was made for one pod only.
 */
export function returnsUnderItsName(name: string): boolean {
  return !RANDOM.test(name);
}

/** The number of a pod `<set>-<number>`; undefined where the set makes no pod of such a name. */
export function numberOf(pod: string, set: string): number | undefined {
  const text = pod.slice(set.length + 1);
  return pod === `${set}-${Number(text)}` && /^\d+$/.test(text) ? Number(text) : undefined;
}
