import { visibleLine } from "../../address/visible.ts";
import { COLUMNS } from "../../operator/columns.ts";
import type { ListedAddress } from "../../operator/wire.ts";

/** Whether the caller asks for a table, as `kubectl get` does. */
export function wantsTable(accept: string | undefined): boolean {
  return /\bas=Table\b.*\bg=meta\.k8s\.io\b/.test(accept ?? "");
}

/** The list as `kubectl get addresses` shows it, with the columns of `ip list`. */
export function tableOf(items: readonly ListedAddress[]): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: {},
    columnDefinitions: COLUMNS.map(({ title, wide }, index) => ({
      name: title,
      type: "string",
      format: index === 0 ? "name" : "",
      description: "",
      priority: wide ? 1 : 0,
    })),
    rows: items.map(({ item, metadata }) => ({
      cells: COLUMNS.map(({ of }) => visibleLine(of(item) ?? "")),
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata },
    })),
  };
}
