// One client of the official SDK, in either of its builds, that a test talks to in JSON lines:
//   in   {"id", "do", "channel", "given"}   something to do; {"answer", "value"} what it asked for
//   out  {"id", "result"} or {"id", "error"}; {"event", "side", "channel", ...facts}; {"ask", "what", "channel"}
// Started by official_sdks.py; ends when its input ends.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [nodeModules, url, encoding, hasTokens] = process.argv.slice(2);
const isProtobuf = encoding === "protobuf";
const require = createRequire(nodeModules + "/");
const { Centrifuge } = require(isProtobuf ? "centrifuge/build/protobuf" : "centrifuge");

const say = (message) => console.log(JSON.stringify(message));
const pack = (value) => (isProtobuf ? new TextEncoder().encode(JSON.stringify(value)) : value);
const text = new TextDecoder();
const unpack = (data) => (isProtobuf ? (data?.length ? JSON.parse(text.decode(data)) : undefined) : data);
const position = (at) => at && { offset: Number(at.offset), epoch: at.epoch };

function who(info) {
  const { client, user, connInfo, chanInfo } = info;
  return { client, user, conn_info: unpack(connInfo), chan_info: unpack(chanInfo) };
}

const told = (pub) => ({
  data: unpack(pub.data),
  offset: Number(pub.offset ?? 0),
  tags: pub.tags ?? {},
  by: pub.info ? who(pub.info) : null,
});

const waiting = new Map();
let asked = 0;
const ask = (what, channel = null) =>
  new Promise((resolve) => {
    waiting.set(++asked, resolve);
    say({ ask: asked, what, channel });
  });

const FACTS = {
  subscribing: () => ({}),
  subscribed: (ctx) => ({ recovered: ctx.recovered, was_recovering: ctx.wasRecovering, data: unpack(ctx.data) ?? null }),
  unsubscribed: (ctx) => (ctx.code === undefined ? {} : { code: ctx.code }),
  publication: told,
  join: (ctx) => ({ info: who(ctx.info) }),
  leave: (ctx) => ({ info: who(ctx.info) }),
};

function listen(emitter, side) {
  for (const [event, facts] of Object.entries(FACTS)) {
    emitter.on(event, (ctx) => say({ event, side, channel: ctx.channel, ...facts(ctx) }));
  }
}

const client = new Centrifuge(url, {
  minReconnectDelay: 50,
  maxReconnectDelay: 200,
  ...(hasTokens === "yes" ? { getToken: () => ask("token") } : {}),
});
for (const event of ["connecting", "disconnected"]) {
  client.on(event, (ctx) => say({ event, code: ctx.code }));
}
client.on("connected", (ctx) => say({ event: "connected", client: ctx.client }));
listen(client, "server");

function subscribe(channel, { token, state, ...options }) {
  const subscription = client.newSubscription(channel, {
    minResubscribeDelay: 50,
    maxResubscribeDelay: 200,
    ...(token ? { getToken: () => ask("token", channel) } : {}),
    ...(state ? { getState: () => ask("state", channel) } : {}),
    ...options,
  });
  listen(subscription, "client");
  subscription.subscribe();
}

const DO = {
  connect: () => client.connect(),
  subscribe,
  unsubscribe: (channel) => client.getSubscription(channel).unsubscribe(),
  publish: async (channel, { data }) => void (await client.publish(channel, pack(data))),
  history: async (channel, given) => {
    const page = await client.history(channel, given);
    return { ...position(page), publications: page.publications.map(told) };
  },
  presence: async (channel) => {
    const { clients } = await client.presence(channel);
    return Object.fromEntries(Object.entries(clients).map(([id, info]) => [id, who(info)]));
  },
  presence_stats: async (channel) => {
    const { numClients, numUsers } = await client.presenceStats(channel);
    return { num_clients: numClients, num_users: numUsers };
  },
};

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const message = JSON.parse(line);
    if (message.answer) return waiting.get(message.answer)(message.value);
    try {
      say({ id: message.id, result: (await DO[message.do](message.channel, message.given)) ?? null });
    } catch (error) {
      say({ id: message.id, error: error.code ?? String(error) });
    }
  })
  .on("close", () => process.exit(0));
