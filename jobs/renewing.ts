/** Renews a claim at an interval while its work is under way, and knows when the claim is lost to another worker. */
export interface Renewing {
  isLost(): boolean;
  stop(): void;
}

/** @param renew resolves to false when the claim is lost. @param onFault a renewal that failed is tried again at the next */
export function startRenewing(
  renew: () => Promise<boolean>,
  every_ms: number,
  onFault: (fault: unknown) => void,
): Renewing {
  let isLost = false;
  const timer = setInterval(() => {
    renew().then((isOurs) => {
      isLost ||= !isOurs;
    }, onFault);
  }, every_ms);
  return { isLost: () => isLost, stop: () => clearInterval(timer) };
}
