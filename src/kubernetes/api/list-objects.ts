import { array, object, optional, string } from "valibot";
import type { Api } from "./api.ts";
import type { Kind } from "./kinds.ts";
import { folderOf, withQuery } from "./path.ts";

/** Objects a page: some hundred KiB of pods. */
const PAGE = 500;

/**
 * Lists all objects of a kind in the cluster, or in one namespace, as of one moment, page by page.
 *
 * @returns the moment, from which a watch goes on.
 * @throws IpamError as the Cluster port says, tryAgain also when the listing took so long that the
 * API server has forgotten its moment.
 */
export async function* listObjects<T>(
  api: Api,
  kind: Kind<T>,
  deadline: number,
  namespace?: string,
): AsyncGenerator<T, string> {
  const shape = object({
    metadata: optional(
      object({ continue: optional(string(), ""), resourceVersion: optional(string(), "") }),
      {},
    ),
    items: array(kind.shape),
  });
  const folder = folderOf(kind, namespace);
  for (let token = ""; ; ) {
    const path = withQuery(folder, { limit: PAGE, continue: token === "" ? undefined : token });
    const answer = await api.request(path, deadline);
    if (!answer.ok) throw api.refusal(answer, { verb: "list", kind, name: namespace ? { namespace } : {} });
    const page = api.parse(shape, answer.body, folder);
    yield* page.items;
    token = page.metadata.continue;
    if (token === "") return page.metadata.resourceVersion;
  }
}
