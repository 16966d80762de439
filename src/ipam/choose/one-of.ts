/** A random one of these, all equally likely; undefined of none. `random` answers in [0, 1). */
export function oneOf<T>(these: readonly T[], random: () => number): T | undefined {
  return these[Math.floor(random() * these.length)];
}

/** These in an order of its own, all orders equally likely. `random` answers in [0, 1). */
export function shuffled<T>(these: readonly T[], random: () => number): T[] {
  const order = [...these];
  for (let left = order.length; left > 1; left -= 1) {
    const index = Math.floor(random() * left);
    const [one, other] = [order[left - 1], order[index]];
    if (one === undefined || other === undefined) continue;
    order[left - 1] = other;
    order[index] = one;
  }
  return order;
}
