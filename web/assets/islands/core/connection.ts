// What the reader is told about the connection. Pure: facts and a clock in, one of four states out.

export type State = "connecting" | "live" | "reconnecting" | "offline";

export interface Link {
  /** Is the socket open and its subscriptions confirmed? */
  up: boolean;
  /** Was it ever, in this page? */
  wasUp: boolean;
  /** Does the browser believe that there is a network? */
  online: boolean;
  /** Refused for good: nothing tries any more. */
  stopped: boolean;
  /** When `up` last changed, in milliseconds. */
  since: number;
}

/** A blink is not worth a word. */
export const GRACE_MS = 1_000;
export const OFFLINE_AFTER_MS = 30_000;

export const WORDS: Record<State, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

export function opening(now: number, online: boolean): Link {
  return { up: false, wasUp: false, online, stopped: false, since: now };
}

export function wentUp(link: Link, now: number): Link {
  return link.up ? link : { ...link, up: true, wasUp: true, stopped: false, online: true, since: now };
}

export function wentDown(link: Link, now: number, stopped = false): Link {
  return { ...link, up: false, stopped, since: link.up ? now : link.since };
}

export function network(link: Link, online: boolean): Link {
  return { ...link, online };
}

export function state(link: Link, now: number): State {
  const down = now - link.since;
  if (link.stopped || !link.online) return "offline";
  if (link.up) return "live";
  if (down >= OFFLINE_AFTER_MS) return "offline";
  if (!link.wasUp) return down >= 5 * GRACE_MS ? "reconnecting" : "connecting";
  return down >= GRACE_MS ? "reconnecting" : "live";
}

/** Milliseconds until `state` may answer differently by time alone; null: it will not. */
export function untilNext(link: Link, now: number): number | null {
  if (link.up || link.stopped || !link.online) return null;
  const marks = [GRACE_MS, 5 * GRACE_MS, OFFLINE_AFTER_MS].map((mark) => link.since + mark - now);
  return marks.find((left) => left > 0) ?? null;
}
