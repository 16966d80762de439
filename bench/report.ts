import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** The page of figures, which every bench writes its own section of. */
export const PAGE = join(import.meta.dir, "../docs/performance.md");

/** The page of what a large cluster costs. */
export const SCALE_PAGE = join(import.meta.dir, "../docs/scale.md");

/** The benches that publish; each has its markers in the page. */
export const BENCHES = [
  "add-del",
  "agent",
  "agent-throughput",
  "agent-memory",
  "etcd-transactions",
  "cluster",
  "whereabouts",
  "verbs-at-size",
] as const;

interface Report {
  readonly bench: (typeof BENCHES)[number];
  /** Markdown: what was measured, where, and the table. */
  readonly text: string;
  /** A short run measures nothing, so it is printed and not kept. */
  readonly short: boolean;
  readonly page?: string;
}

/** Prints what a bench has measured, and keeps it in the page. */
export function report({ bench, text, short, page = PAGE }: Report): void {
  console.log(text);
  if (!short) writeFileSync(page, withSection(readFileSync(page, "utf8"), bench, text));
}

/**
 * The page with this text between the markers `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws Error where the page has not exactly one such pair: a figure must not get lost in silence.
 */
export function withSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const [old, after, ...evenMore] = rest?.split(end) ?? [];
  if (before === undefined || old === undefined || after === undefined || more.length + evenMore.length > 0)
    throw new Error(`expected one pair of the markers ${begin} and ${end} in the page`);
  return `${before}${begin}\n${text.trim()}\n${end}${after}`;
}

/** "2 cores (AMD EPYC)" */
export function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`;
}
