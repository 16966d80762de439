import type { Format } from "../../command-line/output.ts";
import type { KubernetesOptions } from "../session/cluster-settings.ts";
import type { StoreOptions } from "../session/settings.ts";

export interface RecoverOptions extends KubernetesOptions, StoreOptions {
  readonly output: Format;
  readonly nodes: readonly string[];
  readonly forget: readonly string[];
  readonly thisNode?: boolean;
  readonly status?: boolean;
}
