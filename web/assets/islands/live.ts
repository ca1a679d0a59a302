// The socket of a page: the official centrifuge client, with our rules around it.
//
// A channel starts at the position that the server read before it rendered the page; after a gap that the gateway
// cannot fill, `reload` fetches the state anew and says where it stands. Nothing that a handler throws reaches the
// client: it would stop for good.

import { Centrifuge, State, UnauthorizedError, type Subscription } from "centrifuge";

import { beat, network, opening, state, untilNext, wentDown, wentUp, WORDS, type Link, type State as Shown } from "./core/connection.js";
import { area } from "./core/debug.js";
import type { Position } from "./core/events.js";
import { Patience, type Answer } from "./core/patience.js";
import { Renewal } from "./core/renewal.js";
import { announce } from "./dom/feedback.js";
import { currentUser } from "./dom/current-user.js";
import { postForm } from "./dom/request.js";

const debug = area("notes:live");

export interface Channel {
  name: string;
  since: Position | null;
  /** Fetch the state and show it; returns the position that was read before it. */
  reload(): Promise<Position>;
  receive(event: unknown): void;
}

export type Watch = (state: Shown) => void;

export function sinceOf(element: HTMLElement): Position | null {
  const { offset, epoch } = element.dataset;
  return offset === undefined || epoch === undefined ? null : { offset: Number(offset), epoch };
}

export class Live {
  private link: Link = opening(Date.now(), navigator.onLine);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly nudge = new EventTarget();
  private readonly patience = new Patience(whetherThereIsRoom, (wait) => new Promise((done) => setTimeout(done, wait)));
  private client: Centrifuge;
  /** Confirmed by the server in this connection. */
  private readonly confirmed = new Set<string>();

  constructor(
    private readonly channels: Channel[],
    private readonly watch: Watch = () => {},
  ) {
    this.client = this.open(currentUser.id !== "");
    for (const name of ["online", "offline"]) {
      addEventListener(name, () => {
        this.become(network(this.link, navigator.onLine));
        this.nudge.dispatchEvent(new Event(name));
      });
    }
    // A page that comes to the front does not wait for the next try.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !this.link.up) this.nudge.dispatchEvent(new Event("online"));
    });
  }

  add(channel: Channel): void {
    this.channels.push(channel);
    this.subscribe(this.client, channel);
  }

  /** Be seen in a channel of which nothing else is wanted. */
  appear(channel: string): void {
    if (currentUser.id === "") return;
    const subscription = this.client.newSubscription(channel);
    subscription.on("error", ({ type, error }) => debug(channel, type, error));
    subscription.subscribe();
  }

  private open(signedIn: boolean): Centrifuge {
    const client = new Centrifuge(location.origin.replace(/^http/, "ws") + SOCKET, {
      name: "notes-web",
      minReconnectDelay: 300,
      // A page shows the truth within 5 s of a fault's end, so it tries that often; the delay is full jitter.
      maxReconnectDelay: 4_000,
      maxServerPingDelay: 5_000,
      networkEventTarget: this.nudge,
      // The client waits for it before every try; there is nothing to send.
      getData: () => this.patience.beforeATry(),
      ...(signedIn ? { getToken } : {}),
    });
    client.on("connected", () => {
      this.patience.gotIn();
      this.settle();
    });
    client.on("message", ({ data }) => this.hear(data));
    client.on("connecting", ({ code, reason }) => {
      debug("connecting", code, reason);
      this.confirmed.clear();
      this.become(wentDown(this.link, Date.now()));
    });
    client.on("disconnected", ({ code, reason }) => this.stopped(client, code, reason));
    client.on("error", ({ type, error }) => debug("error", type, error));
    for (const channel of this.channels) this.subscribe(client, channel);
    client.connect();
    this.become(this.link);
    return client;
  }

  private subscribe(client: Centrifuge, channel: Channel): Subscription {
    const subscription = client.newSubscription(channel.name, {
      getState: () => channel.reload(),
      ...(channel.since ? { since: channel.since } : {}),
      minResubscribeDelay: 300,
      maxResubscribeDelay: 4_000,
    });
    const renewal = new Renewal(() => channel.reload());
    subscription.on("publication", ({ data, offset }) => {
      debug(channel.name, offset, data);
      try {
        channel.receive(data);
      } catch (error) {
        debug("handler failed, loading the state anew", error);
        renewal.want();
      }
    });
    subscription.on("subscribed", ({ recovered, wasRecovering }) => {
      debug(channel.name, { recovered, wasRecovering });
      this.confirmed.add(channel.name);
      this.settle();
    });
    subscription.on("subscribing", () => this.lose(channel));
    subscription.on("error", ({ type, error }) => debug(channel.name, type, error));
    subscription.on("unsubscribed", ({ code, reason }) => {
      debug(channel.name, "ended", code, reason);
      this.lose(channel);
    });
    subscription.subscribe();
    return subscription;
  }

  /** Up once the server has confirmed every channel: an open socket alone moves nothing. */
  private settle(): void {
    if (this.client.state !== State.Connected) return;
    if (this.channels.every(({ name }) => this.confirmed.has(name))) this.become(wentUp(this.link, Date.now()));
  }

  private lose({ name }: Channel): void {
    if (this.confirmed.delete(name)) this.become(wentDown(this.link, Date.now()));
  }

  /** The gateway's pulse, which went through everything that an event goes through. */
  private hear(data: unknown): void {
    const seconds = (data as { pulse?: unknown } | null)?.pulse;
    const isOne = seconds === null || (typeof seconds === "number" && seconds >= 0);
    if (isOne) this.become(beat(this.link, Date.now(), seconds));
  }

  private stopped(client: Centrifuge, code: number, reason: string): void {
    debug("stopped", code, reason);
    // The session ended elsewhere: what everybody may read is still live for an anonymous reader.
    const signedOut = code === SIGNED_OUT && currentUser.id !== "";
    this.become(wentDown(this.link, Date.now(), !signedOut));
    if (!signedOut || client !== this.client) return;
    tellSignedOut();
    this.client = this.open(false);
  }

  private become(link: Link): void {
    this.link = link;
    clearTimeout(this.timer);
    const [now, wait] = [Date.now(), untilNext(link, Date.now())];
    if (wait !== null) this.timer = setTimeout(() => this.become(this.link), wait + 20);
    const shown = state(link, now);
    show(shown);
    this.watch(shown);
  }
}

const SOCKET = "/connection/websocket";
const ASK_MS = 8_000;

async function whetherThereIsRoom(): Promise<Answer | null> {
  try {
    const { status, headers } = await fetch(SOCKET, { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
    return { status, retryAfter: headers.get("Retry-After") };
  } catch {
    return null;
  }
}

/** The SDK's code for "getToken said that nobody is signed in". */
const SIGNED_OUT = 1;

async function getToken(): Promise<string> {
  const granted = await postForm<{ token: string }>("/live/token");
  if (!granted) throw new UnauthorizedError("signed out");
  return granted.token;
}

function tellSignedOut(): void {
  const bar = document.getElementById("signed-out");
  if (!bar) return;
  bar.hidden = false;
  const sentence = bar.querySelector("p")?.textContent ?? "";
  announce(sentence, sentence);
}

function show(shown: Shown): void {
  const element = document.getElementById("connection");
  if (!element || element.dataset["state"] === shown && !element.hidden) return;
  element.dataset["state"] = shown;
  element.hidden = false;
  const text = element.querySelector('[data-field="text"]');
  if (text) text.textContent = WORDS[shown];
}
