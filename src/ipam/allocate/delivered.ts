import type { Ports } from "../ports.ts";
import type { Allocated } from "../requests.ts";

/**
 * The runtime has the result of an ADD: from now on the store must have this holding, as long as it lives
 * (ONE-STORE). Never throws.
 */
export function delivered(
  { space, attachment: id, requestId, revision }: Allocated,
  { foresight, node }: Ports,
): void {
  foresight?.witnesses?.delivered(requestId);
  node.witnesses.note([{ space, id, requestId, revision }]);
}
