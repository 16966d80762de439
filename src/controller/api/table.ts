import { visibleLine } from "../../address/visible.ts";
import { COLUMNS } from "../../operator/columns.ts";
import type { ListedAddress } from "../../operator/wire.ts";

/** Whether the caller asks for a table, as `kubectl get` does. */
export function wantsTable(accept: string | undefined): boolean {
  return /\bas=Table\b.*\bg=meta\.k8s\.io\b/.test(accept ?? "");
}

/** A Table as `kubectl get addresses` shows it, with the columns of `ip list`, but for its rows. */
export function tableHead(): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    columnDefinitions: COLUMNS.map(({ title, wide }, index) => ({
      name: title,
      type: "string",
      format: index === 0 ? "name" : "",
      description: "",
      priority: wide ? 1 : 0,
    })),
  };
}

/** One row of it. */
export function rowOf({ item, metadata }: ListedAddress): object {
  return {
    cells: COLUMNS.map(({ of }) => visibleLine(of(item) ?? "")),
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata },
  };
}
