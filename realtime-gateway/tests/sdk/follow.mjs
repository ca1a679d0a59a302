// A page's worth of the official SDK: connects, subscribes, tells everything that happens as one
// JSON object a line. Started by test_sdk_javascript.py; ends when its input ends.
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";

const [nodeModules, url, channel, optionsText] = process.argv.slice(2);
const { Centrifuge } = createRequire(nodeModules + "/")("centrifuge");
const options = JSON.parse(optionsText);

const tell = (event, facts = {}) => console.log(JSON.stringify({ event, ...facts }));

function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = part({ alg: "HS256", typ: "JWT" }) + "." + part(claims);
  return body + "." + createHmac("sha256", options.secret).update(body).digest("base64url");
}

function fresh(more = {}) {
  const claims = { sub: "ann", exp: Math.floor(Date.now() / 1000) + options.lifetime, ...more };
  tell("token", more);
  return token(claims);
}

const client = new Centrifuge(url, {
  minReconnectDelay: 50,
  maxReconnectDelay: 200,
  ...(options.secret ? { getToken: async () => fresh() } : {}),
});
client.on("connected", (ctx) => tell("connected", { client: ctx.client }));
client.on("connecting", (ctx) => tell("connecting", { code: ctx.code }));
client.on("disconnected", (ctx) => tell("disconnected", { code: ctx.code, reason: ctx.reason }));
client.on("error", (ctx) => tell("error", { code: ctx.error.code, message: ctx.error.message }));

const subscription = client.newSubscription(channel, {
  minResubscribeDelay: 50,
  maxResubscribeDelay: 200,
  ...(options.since ? { since: options.since } : {}),
  ...(options.state
    ? {
        getState: async () => {
          tell("state");
          return options.state;
        },
      }
    : {}),
  ...(options.private ? { getToken: async () => fresh({ channel }) } : {}),
});
subscription.on("subscribed", (ctx) =>
  tell("subscribed", { recovered: ctx.recovered, was: ctx.wasRecovering }),
);
subscription.on("subscribing", (ctx) => tell("subscribing", { code: ctx.code }));
subscription.on("unsubscribed", (ctx) => tell("unsubscribed", { code: ctx.code }));
subscription.on("error", (ctx) => tell("sub error", { code: ctx.error.code }));
subscription.on("publication", (ctx) => tell("publication", { data: ctx.data }));
subscription.subscribe();
client.connect();

process.stdin.on("data", async (line) => {
  const [verb, value] = JSON.parse(line);
  if (verb === "publish") {
    await subscription.publish(value).then(() => tell("published"), (e) => tell("refused", { code: e.code }));
  } else if (verb === "history") {
    const page = await subscription.history({ limit: value });
    tell("history", { data: page.publications.map((each) => each.data) });
  } else if (verb === "rpc") {
    await client.rpc("m", {}).catch((e) => tell("refused", { code: e.code }));
  } else if (verb === "unsubscribe") {
    subscription.unsubscribe();
  }
});
process.stdin.on("end", () => process.exit(0));
