import { isObject, type Json, member } from "../text/json-text.ts";
import { wrongValue } from "../text/wrong-value.ts";

/** containerd and CRI-O put a pod's annotations here where the configuration declares it. */
const CAPABILITY = "io.kubernetes.cri.pod-annotations";

interface Delivered {
  readonly capabilityDeclared: boolean;
  readonly podAnnotations?: Readonly<Record<string, string>>;
}

/**
 * Whether the configuration asks for the pod's annotations, and what came. A key that is there with
 * null is a pod without annotations; a missing key says nothing about the pod.
 *
 * @throws IpamError invalidConfig for annotations that cannot be read: that is not 'no wish' (FAIL-CLOSED).
 */
export function readPodAnnotations(document: Json): Delivered {
  const capabilities = member(document, "capabilities");
  const capabilityDeclared = isObject(capabilities) && member(capabilities, CAPABILITY) === true;
  const runtime = member(document, "runtimeConfig");
  if (runtime === undefined || runtime === null) return { capabilityDeclared };
  if (!isObject(runtime)) throw wrongValue("runtimeConfig", runtime, "an object {…}");
  if (!Object.hasOwn(runtime, CAPABILITY)) return { capabilityDeclared };
  const podAnnotations = member(runtime, CAPABILITY) ?? {};
  const path = `runtimeConfig["${CAPABILITY}"]`;
  if (!isAnnotations(podAnnotations)) throw wrongValue(path, podAnnotations, "an object of strings");
  return { capabilityDeclared, podAnnotations };
}

function isAnnotations(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}
