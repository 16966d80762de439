import { BY_HAND, CHART_ON_ETCD, type Installation, WITHOUT_VALUES } from "../kit/nodes/installation.ts";
import type { Stage } from "../kit/nodes/stage.ts";
import { installedByChart } from "./stories/chart.ts";
import { API_SERVER_FROZEN, crowd, ETCD_DOWN } from "./stories/crowd.ts";
import { drain } from "./stories/drain.ts";
import { fencedNode } from "./stories/fenced-node.ts";
import { forceDelete } from "./stories/force-delete.ts";
import { fromAfar } from "./stories/from-afar.ts";
import { kept } from "./stories/kept.ts";
import { killedDaemons } from "./stories/killed-daemons.ts";
import { lastAddress } from "./stories/last-address.ts";
import { lostNode, taintedNode } from "./stories/lost-node.ts";
import { newerRuntimeSpeaks } from "./stories/newer-runtime.ts";
import { originalReadme } from "./stories/original-readme.ts";
import { reboot } from "./stories/reboot.ts";
import { refused } from "./stories/refused.ts";
import { reinstall } from "./stories/reinstall.ts";
import { rollingUpdate } from "./stories/rolling-update.ts";
import { upgrade } from "./stories/upgrade.ts";

export interface Story {
  /** Its tests; they need nothing of other stories. */
  readonly tests: (stage: () => Stage) => void;
  readonly on: readonly Installation[];
  /** Why it is not told on both stores. */
  readonly once?: string;
}

/** The order in which they are on the stage. */
export const INSTALLATIONS = [BY_HAND, CHART_ON_ETCD, WITHOUT_VALUES];

const BOTH = [BY_HAND, WITHOUT_VALUES];
/** What needs a controller, or agents that are pods. */
const BOTH_CHARTED = [CHART_ON_ETCD, WITHOUT_VALUES];

/** Which story is told where; in the order in which they are told. */
export const STORIES: readonly Story[] = [
  { tests: originalReadme, on: BOTH },
  { tests: newerRuntimeSpeaks, on: [WITHOUT_VALUES], once: "STATUS asks more of this store than of etcd" },
  { tests: rollingUpdate, on: BOTH },
  { tests: refused, on: BOTH },
  { tests: kept, on: BOTH },
  { tests: lastAddress, on: BOTH },
  { tests: drain, on: BOTH },
  { tests: forceDelete, on: BOTH },
  { tests: reboot, on: BOTH },
  { tests: killedDaemons, on: [BY_HAND], once: "the plugin is asked the same by whatever comes back" },
  { tests: lostNode, on: BOTH },
  { tests: taintedNode, on: [WITHOUT_VALUES], once: "where no node may free what another one held" },
  {
    tests: reinstall,
    on: [BY_HAND],
    once: "it is about files on a node; chart.ts has the same for the chart",
  },
  {
    tests: upgrade,
    on: [BY_HAND],
    once: "it is about files on a node, and two builds that know both stores",
  },
  { tests: installedByChart, on: BOTH_CHARTED },
  { tests: fromAfar, on: BOTH_CHARTED },
  { tests: fencedNode, on: BOTH_CHARTED },
  { tests: (stage) => crowd(stage, 60, ETCD_DOWN), on: [CHART_ON_ETCD] },
  { tests: (stage) => crowd(stage, 20, API_SERVER_FROZEN), on: [WITHOUT_VALUES] },
];
