import { expect, test } from "bun:test";
import { isOthersPlace } from "./others-places.ts";

test.each([
  "/proc/1/root/data",
  "/dev/mapper",
  "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~empty-dir/v",
  "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c/rootfs",
  "/var/lib/containers/storage/overlay/x/merged",
  "/var/lib/docker/overlay2/x/merged/data",
  "/data/engine/overlay2/x/diff",
  "/var/lib/docker/100000.100000/vfs/dir/x",
  "/var/lib/docker/volumes/v/_data",
])("E43: others write in %s", (path) => {
  expect(isOthersPlace(path)).toBe(true);
});

test.each([
  "/var/lib/kube-ipam",
  "/dev/shm/kube-ipam",
  "/data/docker/kube-ipam",
  "/data/docker",
  "/srv/pods/kube-ipam",
])("E43: nobody else writes in %s", (path) => {
  expect(isOthersPlace(path)).toBe(false);
});
