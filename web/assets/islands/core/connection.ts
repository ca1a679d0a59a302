// What the reader is told about the connection. Pure: facts and a clock in, one of four states out.
//
// "Live" is said of what was seen to move: every channel of the page was confirmed, which takes the whole path behind the
// socket, and a gateway that tells its pulse (contracts/README.md) goes on telling it.

export type State = "connecting" | "live" | "reconnecting" | "offline";

export interface Link {
  /** Is the socket open and its subscriptions confirmed? */
  up: boolean;
  /** Was it ever, in this page, and the path behind it seen to move? */
  wasUp: boolean;
  /** Does the browser believe that there is a network? */
  online: boolean;
  /** Refused for good: nothing tries any more. */
  stopped: boolean;
  /** When `up` last changed, in milliseconds. */
  since: number;
  /** When the pulse was last heard in this connection, and how often it comes; null before. */
  pulse: { last: number; everyMs: number } | null;
}

/** A blink is not worth a word. */
export const GRACE_MS = 1_000;
export const OFFLINE_AFTER_MS = 30_000;
/** One may be late, or lost. */
const PULSES_MISSED = 2;

export const WORDS: Record<State, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

export function opening(now: number, online: boolean): Link {
  return { up: false, wasUp: false, online, stopped: false, since: now, pulse: null };
}

export function wentUp(link: Link, now: number): Link {
  const wasUp = link.wasUp || link.pulse?.everyMs !== 0;
  return link.up ? link : { ...link, up: true, wasUp, stopped: false, online: true, since: now };
}

export function wentDown(link: Link, now: number, stopped = false): Link {
  return { ...link, up: false, stopped, since: link.up ? now : link.since, pulse: null };
}

/** The path behind the socket was seen to move, and will be again in so many seconds; 0: it stands still; null: it moves. */
export function beat(link: Link, now: number, seconds: number | null): Link {
  if (seconds !== 0) {
    const pulse = seconds === null ? null : { last: now, everyMs: seconds * 1_000 };
    return { ...link, pulse, wasUp: link.wasUp || link.up };
  }
  // Told before the channels were confirmed: it has stood still since nothing was heard any more.
  return { ...link, pulse: { last: link.up ? now : link.since, everyMs: 0 } };
}

/** Since when nothing moves; null while it does. */
function stillSince({ up, since, pulse }: Link, now: number): number | null {
  if (!up) return since;
  const due = pulse ? pulse.last + pulse.everyMs : Infinity;
  return pulse && now >= pulse.last + PULSES_MISSED * pulse.everyMs ? due : null;
}

export function network(link: Link, online: boolean): Link {
  return { ...link, online };
}

export function state(link: Link, now: number): State {
  const since = stillSince(link, now);
  if (link.stopped || !link.online) return "offline";
  if (since === null) return "live";
  const down = now - since;
  if (down >= OFFLINE_AFTER_MS) return "offline";
  if (!link.wasUp) return down >= 5 * GRACE_MS ? "reconnecting" : "connecting";
  return down >= GRACE_MS ? "reconnecting" : "live";
}

/** Milliseconds until `state` may answer differently by time alone; null: it will not. */
export function untilNext(link: Link, now: number): number | null {
  if (link.stopped || !link.online) return null;
  const since = stillSince(link, now);
  if (since === null) {
    const { pulse } = link;
    return pulse && Math.max(GRACE_MS, pulse.last + PULSES_MISSED * pulse.everyMs - now);
  }
  const marks = [GRACE_MS, 5 * GRACE_MS, OFFLINE_AFTER_MS].map((mark) => since + mark - now);
  return marks.find((left) => left > 0) ?? null;
}
