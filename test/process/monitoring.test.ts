import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { startDaemon } from "../kit/daemon.ts";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/** The alerts and the dashboard of deploy/monitoring, against what agent and controller really export. */

const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
const MONITORING = join(import.meta.dir, "../../deploy/monitoring");

interface Rules {
  readonly groups: { rules: { alert: string; expr: string; annotations?: object; for?: string }[] }[];
}

const manifest = Bun.YAML.parse(readFileSync(join(MONITORING, "prometheus-rule.yaml"), "utf8")) as {
  spec: Rules;
};
const rules = manifest.spec.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(join(MONITORING, "dashboard.json"), "utf8")) as {
  panels: {
    title: string;
    targets?: { expr: string }[];
    gridPos: { x: number; y: number; w: number; h: number };
  }[];
};

let folder: Folder;
let exported: Set<string>;

beforeAll(async () => {
  folder = temporaryFolder("monitoring");
  exported = new Set([...(await agentMetrics()), ...(await controllerMetrics()), "up"]);
}, 120_000);
afterAll(() => folder[Symbol.dispose]());

/** Names as a query may use them; a histogram's have endings. */
async function metricsOf(...command: string[]): Promise<string[]> {
  const [port = 0] = await loopbackPorts(1);
  const env = { PATH: "/usr/bin:/bin", KUBE_IPAM_CONFIG: folder.file("none.json") };
  const daemon = startDaemon(
    command[0] ?? "",
    [EXECUTABLE, ...command, `--listen=127.0.0.1:${port}`],
    folder,
    env,
  );
  try {
    const text = await eventually(async () => {
      if (!daemon.running()) throw new Error(daemon.tail());
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      return answer?.text();
    }, 60_000);
    return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    );
  } finally {
    await daemon.stop();
  }
}

function agentMetrics(): Promise<string[]> {
  return metricsOf("agent", `--socket=${folder.file("agent.sock")}`);
}

/** Neither store nor Kubernetes are there: it says what it would count all the same. */
function controllerMetrics(): Promise<string[]> {
  const config = folder.file("controller.json");
  writeFileSync(config, JSON.stringify({ etcdConfig: { etcdURL: "http://127.0.0.1:1" } }));
  const kubeconfig = folder.file("kubeconfig.json");
  writeFileSync(kubeconfig, kubeConfigText({ server: "http://127.0.0.1:1" }, { token: "none" }));
  return metricsOf("controller", `--config=${config}`, `--kubeconfig=${kubeconfig}`);
}

/** Every metric's name in an expression: no function, label or word of the language. */
function namesIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}/g, "").replace(/\b(by|without)\s*\([^)]*\)/g, "");
  const words = bare.replace(/\$\w+/g, "").match(/\b[a-zA-Z_]\w*\b(?!\s*\()/g) ?? [];
  return words.filter((word) => !/^(by|or|and|unless|\d+\w*|[smhd])$/.test(word));
}

test.each(rules.map(({ alert, expr }) => [alert, expr]))("%s asks for metrics that are there", (_, expr) => {
  const names = namesIn(expr);
  expect(names).not.toEqual([]);
  for (const name of names) expect(exported).toContain(name);
});

test("the dashboard asks for metrics that are there, in panels that do not overlap", () => {
  for (const { targets, title } of dashboard.panels) {
    for (const name of (targets ?? []).flatMap(({ expr }) => namesIn(expr)))
      expect(exported, `panel '${title}'`).toContain(name);
  }
  const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test("docs/controller.md names every metric of the controller", async () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/controller.md"), "utf8");
  const own = [...exported].filter((name) => /^kube_ipam_(?!agent_)/.test(name));
  expect(own.filter((name) => !page.includes(name))).toEqual([]);
});

const promtool = Bun.which("promtool");
if (promtool === null) test.skip("the alerts, by promtool: needs Debian's package prometheus", () => {});

describe.skipIf(promtool === null)("the alerts, by promtool", () => {
  const tool = (...args: string[]) => run([promtool ?? "", ...args]);

  test("are valid", async () => {
    const path = folder.file("rules.yaml");
    writeFileSync(path, JSON.stringify(manifest.spec));
    const { exitCode, stderr, stdout } = await tool("check", "rules", path);
    expect(`${exitCode} ${stdout} ${stderr}`).toMatch(new RegExp(`^0 .*${rules.length} rules found`, "s"));
  });

  const range = 'space="default",source="network",name="net1",family="4"';
  /** Alert, series and how they go on from minute to minute, and the alert's labels at the end of an hour. */
  const CASES: readonly [
    string,
    Readonly<Record<string, string>>,
    Readonly<Record<string, string>> | "silent",
  ][] = [
    ["KubeIpamRangeNearlyFull", usage("9x60"), { ...labelsOf(range), severity: "warning" }],
    ["KubeIpamRangeNearlyFull", usage("10x60"), "silent"],
    ["KubeIpamRangeExhausted", usage("0x60"), { ...labelsOf(range), severity: "critical" }],
    ["KubeIpamRangeExhausted", usage("1x60"), "silent"],
    ["KubeIpamConflict", { 'kube_ipam_findings{kind="duplicate"}': "1x60" }, { severity: "critical" }],
    ["KubeIpamConflict", { 'kube_ipam_findings{kind="leak"}': "1x60" }, "silent"],
    ["KubeIpamDamagedRecords", { 'kube_ipam_findings{kind="damaged"}': "1x60" }, { severity: "warning" }],
    ["KubeIpamDamagedRecords", { 'kube_ipam_findings{kind="duplicate"}': "1x60" }, "silent"],
    ["KubeIpamLeak", { kube_ipam_oldest_leak_seconds: "601x60" }, { severity: "warning" }],
    ["KubeIpamLeak", { kube_ipam_oldest_leak_seconds: "600x60" }, "silent"],
    [
      "KubeIpamHandOverWaiting",
      { 'kube_ipam_agent_handover_waiting_seconds{instance="n1"}': "121x60" },
      { instance: "n1", severity: "warning" },
    ],
    [
      "KubeIpamHandOverWaiting",
      { 'kube_ipam_agent_handover_waiting_seconds{instance="n1"}': "119x60" },
      "silent",
    ],
    ["KubeIpamControllerWithoutLeader", { up: "0x60" }, { severity: "warning" }],
    [
      "KubeIpamControllerWithoutLeader",
      {
        'kube_ipam_controller_leader{instance="a"}': "0x60",
        'kube_ipam_controller_leader{instance="b"}': "1x60",
      },
      "silent",
    ],
    [
      "KubeIpamControllerFails",
      { 'kube_ipam_controller_rounds_total{work="counts",outcome="failed"}': "0+2x60" },
      { work: "counts", severity: "warning" },
    ],
    [
      "KubeIpamControllerFails",
      { 'kube_ipam_controller_rounds_total{work="counts",outcome="done"}': "0+2x60" },
      "silent",
    ],
    [
      "KubeIpamAgentDown",
      { 'up{job="kube-system/kube-ipam-agent",instance="n1"}': "0x60" },
      { instance: "n1", job: "kube-system/kube-ipam-agent", severity: "warning" },
    ],
    ["KubeIpamAgentDown", { 'up{job="kube-system/kube-ipam-controller",instance="n1"}': "0x60" }, "silent"],
    [
      "KubeIpamStoreErrors",
      { 'kube_ipam_agent_store_duration_seconds_count{instance="n1",outcome="unavailable"}': "0+1x60" },
      { instance: "n1", outcome: "unavailable", severity: "critical" },
    ],
    [
      "KubeIpamStoreErrors",
      { 'kube_ipam_agent_store_duration_seconds_count{instance="n1",outcome="ok"}': "0+1x60" },
      "silent",
    ],
    ["KubeIpamStoreSuspect", { kube_ipam_store_suspect: "1x60" }, { severity: "critical" }],
    [
      "KubeIpamStoreSuspect",
      { kube_ipam_store_suspect: "0x60", 'kube_ipam_agent_store_suspect{instance="n1"}': "1x60" },
      { severity: "critical" },
    ],
    [
      "KubeIpamStoreSuspect",
      {
        'kube_ipam_store_suspect{instance="a"}': "0x60",
        'kube_ipam_agent_store_suspect{instance="n1"}': "0x60",
      },
      "silent",
    ],
    [
      "KubeIpamStoreConflict",
      { 'kube_ipam_agent_store_conflicts{instance="n1"}': "2x60" },
      { instance: "n1", severity: "critical" },
    ],
    ["KubeIpamStoreConflict", { 'kube_ipam_agent_store_conflicts{instance="n1"}': "0x60" }, "silent"],
    [
      "KubeIpamReleasesKept",
      { 'kube_ipam_agent_kept_releases{instance="n1"}': "1x60" },
      { instance: "n1", severity: "warning" },
    ],
    ["KubeIpamReleasesKept", { 'kube_ipam_agent_kept_releases{instance="n1"}': "0x60" }, "silent"],
  ];

  test("every alert has a case in which it fires, and one in which it is silent", () => {
    for (const { alert } of rules) {
      const outcomes = CASES.filter(([name]) => name === alert).map(([, , labels]) => labels === "silent");
      expect([...new Set(outcomes)].toSorted(), alert).toEqual([false, true]);
    }
  });

  test.each(CASES)("%s: %j", async (alert, series, labels) => {
    const rulesFile = folder.file("bare-rules.yaml");
    writeFileSync(rulesFile, JSON.stringify(withoutWords(manifest.spec)));
    const testFile = folder.file("alert-test.yaml");
    writeFileSync(
      testFile,
      JSON.stringify({
        rule_files: [rulesFile],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            alert_rule_test: [
              {
                eval_time: "59m",
                alertname: alert,
                exp_alerts: labels === "silent" ? [] : [{ exp_labels: labels }],
              },
            ],
          },
        ],
      }),
    );
    const { exitCode, stderr, stdout } = await tool("test", "rules", testFile);
    expect(`${stdout}${stderr}`).toContain("SUCCESS");
    expect(exitCode).toBe(0);
  });

  function usage(free: string): Record<string, string> {
    return {
      [`kube_ipam_range_addresses{${range},instance="a"}`]: "100x60",
      [`kube_ipam_range_free_addresses{${range},instance="a"}`]: free,
    };
  }
});

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

/** promtool compares annotations word by word; here it is about when an alert fires. */
function withoutWords({ groups }: Rules): Rules {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map(({ annotations: _annotations, ...rule }) => rule),
    })),
  };
}
