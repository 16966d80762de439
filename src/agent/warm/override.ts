/**
 * All that `target` has, with `own` in place of its namesakes. Nothing is handed on by name, so that no
 * method is lost which a port gets one day: an optional one would be missed by no type.
 */
export function override<T extends object>(target: T, own: Partial<NoInfer<T>>): T {
  const whole = {};
  for (const key of keysOf(target)) {
    const get = () => {
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    };
    Object.defineProperty(whole, key, { get, enumerable: true, configurable: true });
  }
  for (const [key, value] of Object.entries(own))
    Object.defineProperty(whole, key, { value, enumerable: true });
  return whole as T;
}

/** Also what comes from a class. */
function keysOf(target: object): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  for (let at: object = target; at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const key of Reflect.ownKeys(at)) keys.add(key);
  keys.delete("constructor");
  return keys;
}
