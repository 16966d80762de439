/** The kernel's own file systems: what is opened there does something, and /proc/N/root leads anywhere. */
const KERNELS = /^\/(proc|sys|dev(?!\/shm\/))(\/|$)/;

/** Where kubelet keeps what pods write and mount, wherever its own folder is. */
const PODS = /\/pods\/[^/]+\/(volumes|volume-subpaths|plugins|containers)(\/|$)/;

/** Root file systems and volumes of containers, by their runtimes' folders. */
const CONTAINERS = /\/(io\.containerd\.[^/]+|containers\/storage|overlay2|fuse-overlayfs)(\/|$)/;

/** The same by Docker's older drivers. Its folder's name alone says nothing: people call folders of their own so. */
const DOCKER =
  /\/docker\/(\d+\.\d+\/)?(containers|volumes|rootfs|plugins|tmp|overlay|aufs|btrfs|devicemapper|vfs|zfs)(\/|$)/;

/**
 * Whether a path leads to where others than root of this node write, though the files there may be root's: a
 * container's root has user ID 0 too.
 *
 * @param real absolute, without links.
 */
export function isOthersPlace(real: string): boolean {
  return [KERNELS, PODS, CONTAINERS, DOCKER].some((pattern) => pattern.test(real));
}

/** Programs, and what they obey: a file or a folder there may mean something to one of them, whatever is in it. */
const SYSTEM = /^\/(etc(?!\/(cni|kube-ipam)\/)|usr|boot|s?bin|lib\w*)(\/|$)/;

/**
 * Whether a path leads to where the system's programs and their configuration lie. Nothing new is made there because
 * somebody without rights on this node has named it.
 *
 * @param real absolute, without links.
 */
export function isSystemPlace(real: string): boolean {
  return SYSTEM.test(real);
}
