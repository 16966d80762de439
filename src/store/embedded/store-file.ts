/** The one file that holds the store of a node; SQLite keeps its log beside it. */
export function storeFile(dataDir: string): string {
  return `${dataDir}/kube-ipam.db`;
}
