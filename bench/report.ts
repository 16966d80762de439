import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** The pages of figures, and the benches that publish there; each has its markers in its page. */
export const PAGES = {
  "performance.md": [
    "add-del",
    "agent",
    "cold",
    "agent-throughput",
    "agent-memory",
    "etcd-transactions",
    "cluster",
    "pod-cpu",
    "pod-calls",
    "whereabouts",
    "whereabouts-rate",
    "kubernetes-times",
    "kubernetes-rate",
    "kubernetes-requests",
    "kubernetes-contention",
    "kubernetes-memory",
    "kubernetes-move",
  ],
  "scale.md": ["many-agents", "verbs-at-size", "thousand-nodes", "controller-at-size"],
} as const;

type Page = keyof typeof PAGES;

interface Report {
  readonly bench: (typeof PAGES)[Page][number];
  /** Markdown: what was measured, where, and the table. */
  readonly text: string;
  /** A short run measures nothing, so it is printed and not kept. */
  readonly short: boolean;
  /** Path of the page; default the bench's own. */
  readonly page?: string;
}

/** Prints what a bench has measured, and keeps it in its page. */
export function report({ bench, text, short, page = pageOf(bench) }: Report): void {
  console.log(text);
  if (!short) writeFileSync(page, withSection(readFileSync(page, "utf8"), bench, text));
}

/** Path of the page with a bench's markers. */
export function pageOf(bench: Report["bench"]): string {
  const [page] =
    Object.entries(PAGES).find(([, benches]) => [...benches].some((each) => each === bench)) ?? [];
  return join(import.meta.dir, "../docs", page ?? "");
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
