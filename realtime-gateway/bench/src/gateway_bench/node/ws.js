// A plain fan-out on `ws`: clients of /<n> get every message of the Redis channel <prefix><n>.
// environment: PORT, REDIS_URL, PREFIX
import { createServer } from "node:http";
import { createClient } from "redis";
import { WebSocketServer } from "ws";

const { PORT, REDIS_URL, PREFIX } = process.env;
const channels = new Map();
const redis = createClient({ url: REDIS_URL });
await redis.connect();

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

sockets.on("connection", async (socket, request) => {
  const name = PREFIX + request.url.slice(1);
  let clients = channels.get(name);
  if (!clients) {
    clients = new Set();
    channels.set(name, clients);
    await redis.subscribe(name, (text) => {
      for (const client of clients) client.send(text);
    });
  }
  clients.add(socket);
  socket.on("close", () => clients.delete(socket));
});

server.listen(Number(PORT), "127.0.0.1", 4096);
