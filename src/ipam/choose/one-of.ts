/** A random one of these, all equally likely; undefined of none. `random` answers in [0, 1). */
export function oneOf<T>(these: readonly T[], random: () => number): T | undefined {
  return these[Math.floor(random() * these.length)];
}
