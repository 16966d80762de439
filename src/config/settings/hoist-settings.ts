import type { SETTING_ENTRIES } from "../text/entries.ts";
import type { Reading, Values } from "../text/read-shape.ts";
import { show, wrongValue } from "../text/wrong-value.ts";

/** The settings with each value under one name only. */
export type SettingValues = Values<typeof SETTING_ENTRIES>;

export type EtcdValues = NonNullable<SettingValues["etcdConfig"]>;

/**
 * Brings the two spellings of the original together: `kubeConfig` may stand inside `etcdConfig`, and
 * `etcdTrustedCAFileFile` may be spelt `etcdTrustedCAFile`.
 *
 * @throws IpamError invalidConfig where both spellings are there and differ, unless that is tolerated: then
 *   the first counts.
 */
export function hoistSettings(values: SettingValues, { path, tolerates, warn }: Reading): SettingValues {
  if (values.etcdConfig === undefined) return values;
  const { kubeConfig: nested, etcdTrustedCAFile: short, ...etcd } = values.etcdConfig;
  const oneOf = (setting: string, [key, value]: Spelling, [otherKey, other]: Spelling) => {
    if (value === undefined || other === undefined || value === other) return value ?? other;
    const right = `the same as ${path}${key} (${show(path + key, value)}), or left out`;
    const error = wrongValue(path + otherKey, other, right);
    if (!tolerates?.(setting)) throw error;
    warn(`${error.message}; ignored`);
    return value;
  };
  const kubeConfig = oneOf(
    "kubeConfig",
    ["kubeConfig", values.kubeConfig],
    ["etcdConfig.kubeConfig", nested],
  );
  const etcdTrustedCAFileFile = oneOf(
    "etcdConfig",
    ["etcdConfig.etcdTrustedCAFileFile", etcd.etcdTrustedCAFileFile],
    ["etcdConfig.etcdTrustedCAFile", short],
  );
  return {
    ...values,
    ...(kubeConfig === undefined ? {} : { kubeConfig }),
    etcdConfig: { ...etcd, ...(etcdTrustedCAFileFile === undefined ? {} : { etcdTrustedCAFileFile }) },
  };
}

type Spelling = readonly [key: string, value: string | undefined];
