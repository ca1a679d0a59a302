// The official JavaScript SDK as a program that tests talk to, one JSON object a line:
//   node sdk_node.mjs URL CHANNEL            says what happens to it on stdout;
//   {"event":"token"}                        asks for an access token: the answer is a line on stdin.
// It takes `centrifuge` from web's locked packages: the very version that our pages carry.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Centrifuge } = createRequire(new URL("../web/package.json", import.meta.url))("centrifuge");
const [url, channel] = process.argv.slice(2);
const say = (event, facts = {}) => process.stdout.write(JSON.stringify({ event, ...facts }) + "\n");

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async () => {
  say("token");
  return (await answers.next()).value;
};

const client = new Centrifuge(url, { getToken: ask, websocket: WebSocket, minReconnectDelay: 50, maxReconnectDelay: 500 });
client.on("connected", (context) => say("connected", { client: context.client }));
client.on("connecting", (context) => say("connecting", { code: context.code }));
client.on("disconnected", (context) => say("disconnected", { code: context.code }));

const subscription = client.newSubscription(channel, { recoverable: true });
subscription.on("subscribed", ({ wasRecovering, recovered }) => say("subscribed", { wasRecovering, recovered }));
subscription.on("publication", ({ offset, data }) => say("publication", { offset, data }));
subscription.subscribe();
client.connect();
