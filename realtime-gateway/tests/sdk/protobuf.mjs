// The official SDK's protobuf build: connects, subscribes, publishes, reads the history, loses its
// connection and recovers; tells what happened as JSON lines. Started by test_protobuf.py.
import { createRequire } from "node:module";

const [nodeModules, url, channel] = process.argv.slice(2);
const { Centrifuge } = createRequire(nodeModules + "/")("centrifuge/build/protobuf");
const tell = (event, facts = {}) => console.log(JSON.stringify({ event, ...facts }));
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const value = (data) => JSON.parse(new TextDecoder().decode(data));

const client = new Centrifuge(url, { minReconnectDelay: 300, maxReconnectDelay: 400 });
client.on("connected", (ctx) => tell("connected", { transport: ctx.transport }));
client.on("disconnected", (ctx) => tell("disconnected", { code: ctx.code }));
client.on("error", (ctx) => tell("error", { message: String(ctx.error?.message) }));
const subscription = client.newSubscription(channel, { positioned: true, recoverable: true });
subscription.on("publication", (ctx) =>
  tell("publication", { data: value(ctx.data), offset: Number(ctx.offset), tags: ctx.tags ?? {} }),
);
subscription.on("subscribed", (ctx) => tell("subscribed", { recovered: ctx.recovered }));
subscription.subscribe();
client.connect();

process.stdin.on("data", async (line) => {
  const verb = line.toString().trim();
  if (verb === "publish") {
    await subscription.publish(bytes({ from: "js" }));
    tell("published");
  } else if (verb === "publish bytes") {
    await subscription.publish(new Uint8Array([0xff, 0xfe])).catch((e) => tell("refused", { code: e.code }));
  } else if (verb === "history") {
    const page = await subscription.history({ limit: 10 });
    tell("history", { data: page.publications.map((each) => value(each.data)), offset: Number(page.offset) });
  } else if (verb === "drop") {
    client._transport?.close();
  } else if (verb === "rpc") {
    await client.rpc("m", bytes({})).catch((e) => tell("refused", { code: e.code }));
  }
});
process.stdin.on("end", () => process.exit(0));
