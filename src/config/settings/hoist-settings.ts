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
 * @throws IpamError invalidConfig where both spellings are there and differ.
 */
export function hoistSettings(values: SettingValues, reading: Pick<Reading, "path">): SettingValues {
  if (values.etcdConfig === undefined) return values;
  const { kubeConfig: nested, etcdTrustedCAFile: short, ...etcd } = values.etcdConfig;
  const at = (key: string) => reading.path + key;
  const kubeConfig = oneOfTwo(at("kubeConfig"), values.kubeConfig, at("etcdConfig.kubeConfig"), nested);
  const etcdTrustedCAFileFile = oneOfTwo(
    at("etcdConfig.etcdTrustedCAFileFile"),
    etcd.etcdTrustedCAFileFile,
    at("etcdConfig.etcdTrustedCAFile"),
    short,
  );
  return {
    ...values,
    ...(kubeConfig === undefined ? {} : { kubeConfig }),
    etcdConfig: { ...etcd, ...(etcdTrustedCAFileFile === undefined ? {} : { etcdTrustedCAFileFile }) },
  };
}

function oneOfTwo(path: string, value: string | undefined, otherPath: string, other: string | undefined) {
  if (value === undefined || other === undefined || value === other) return value ?? other;
  throw wrongValue(otherPath, other, `the same as ${path} (${show(path, value)}), or left out`);
}
