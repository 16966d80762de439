/** A number with what it counts: "1 lease", "2 leases". */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
