import { readdirSync, readFileSync } from "node:fs";

/** What a process of the two-node cluster is, for the table of CPU times. */
export const ROLES = [
  "agent",
  "controller",
  "CNI plugins and shim",
  "etcd of the addresses",
  "kubelet",
  "containerd",
  "containerd-shim and runc",
  "API server",
  "etcd of the API server",
  "controller-manager and scheduler",
] as const;

export type Role = (typeof ROLES)[number];

/** CPU milliseconds of user and system time by role. */
export type Times = Readonly<Record<Role, number>>;

/** Clock ticks a second, as every Linux on the architectures we know has it. */
const TICKS = 100;

/** The words of a program's command line, which tell its role. */
export function roleOf([program = "", ...args]: readonly string[]): Role | undefined {
  const name = program.slice(program.lastIndexOf("/") + 1);
  if (name.startsWith("kube-ipam") && args[0] === "agent") return "agent";
  if (name.startsWith("kube-ipam") && args[0] === "controller") return "controller";
  if (name === "etcd")
    return args.includes("--unsafe-no-fsync") && !args.some(hasTls)
      ? "etcd of the API server"
      : "etcd of the addresses";
  return BY_NAME[name];
}

const BY_NAME: Readonly<Record<string, Role>> = {
  kubelet: "kubelet",
  containerd: "containerd",
  "containerd-shim-runc-v2": "containerd-shim and runc",
  "kube-apiserver": "API server",
  "kube-controller-manager": "controller-manager and scheduler",
  "kube-scheduler": "controller-manager and scheduler",
};

function hasTls(argument: string): boolean {
  return argument.startsWith("--cert-file=");
}

/**
 * The CPU time that each role has used since its processes began. What a process waited for counts where it waited:
 * a CNI plugin, its IPAM plugin and the shim are children of containerd and are its `cutime`; runc is a child of the
 * pod's containerd-shim, and that one of the machine's process 1. Nothing that has ended is lost so, but what ends
 * between two readings while nobody waited for it yet shows in the next one.
 *
 * @param processOne command lines of the machines' process 1, which wait for what is left by others.
 */
export function processTimes(processOne: (words: readonly string[]) => boolean): Times {
  const times: Record<Role, number> = Object.fromEntries(ROLES.map((role) => [role, 0])) as Record<
    Role,
    number
  >;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const words = read(`/proc/${entry}/cmdline`)
      ?.split("\0")
      .filter((word) => word !== "");
    const stat = read(`/proc/${entry}/stat`);
    if (words === undefined || stat === undefined) continue;
    const { own, waited } = ticksOf(stat);
    const role = roleOf(words);
    if (role === "containerd") {
      times.containerd += own;
      times["CNI plugins and shim"] += waited;
    } else if (role !== undefined) times[role] += own + waited;
    else if (processOne(words)) times["containerd-shim and runc"] += own + waited;
  }
  for (const role of ROLES) times[role] *= 1_000 / TICKS;
  return times;
}

/** The ticks of a line of /proc/PID/stat: its own, and those of children that it waited for. */
export function ticksOf(stat: string): { readonly own: number; readonly waited: number } {
  // The second field is the program's name in brackets, with whatever spaces and brackets it has.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { own: utime + stime, waited: cutime + cstime };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
