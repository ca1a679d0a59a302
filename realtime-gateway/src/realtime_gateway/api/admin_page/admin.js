// The status page's script: asks for the numbers every two seconds and draws what has changed.
const SECONDS = 2;
const KEPT = 90;
const byId = (id) => document.getElementById(id);

const of = (numbers, name) => numbers[`gateway_${name}`] ?? 0;
const gauge = (name) => (now) => of(now, name);
const rate = (name) => (now, before, seconds) => (of(now, name) - of(before, name)) / seconds;
const mean = (name) => (now, before) => {
  const count = of(now, `${name}_count`) - of(before, `${name}_count`);
  return count > 0 ? (1000 * (of(now, `${name}_sum`) - of(before, `${name}_sum`))) / count : 0;
};

// Each: a title, and its value by the numbers of now and of the time before.
const PLOTS = [
  ["Connections", gauge("client_connections_inflight")],
  ["Subscriptions", gauge("client_subscriptions_inflight")],
  ["Channels followed", gauge("node_num_channels")],
  ["Publications / s", rate("node_messages_received_count_total")],
  ["Deliveries / s", rate("node_messages_sent_count_total")],
  ["Commands / s", rate("client_commands_total")],
  ["Publication to delivery, ms", mean("node_pub_sub_lag_seconds")],
  ["Event loop lag, ms", mean("node_loop_lag_seconds")],
].map(([title, take]) => ({ title, take, values: [], ...figure(title) }));

function figure(title) {
  const svgElement = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  const figure = document.createElement("figure");
  const caption = figure.appendChild(document.createElement("figcaption"));
  caption.append(title);
  const now = caption.appendChild(document.createElement("strong"));
  const svg = figure.appendChild(svgElement("svg"));
  svg.setAttribute("viewBox", `0 0 ${KEPT - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const area = svg.appendChild(svgElement("polygon"));
  const line = svg.appendChild(svgElement("polyline"));
  byId("plots").append(figure);
  return { now, area, line };
}

function draw(plot) {
  const top = Math.max(...plot.values, 1e-9) * 1.1;
  const first = KEPT - plot.values.length;
  const points = plot.values.map((value, i) => `${first + i},${(100 - (95 * value) / top).toFixed(1)}`);
  plot.line.setAttribute("points", points.join(" "));
  plot.area.setAttribute("points", `${first},100 ${points.join(" ")} ${KEPT - 1},100`);
  const value = plot.values.at(-1);
  plot.now.textContent = value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

let before = null;
async function tick() {
  try {
    const response = await fetch("/admin/state");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const numbers = await response.json();
    const at = performance.now();
    const seconds = before ? (at - before.at) / 1000 : SECONDS;
    for (const plot of PLOTS) {
      const value = Math.max(0, plot.take(numbers, before?.numbers ?? numbers, seconds));
      plot.values = [...plot.values, value].slice(-KEPT);
      draw(plot);
    }
    before = { numbers, at };
    const codes = Object.entries(numbers).flatMap(([name, count]) => {
      const found = name.match(/num_server_disconnects_total\{(\d+)\}$/);
      return found ? [[found[1], count]] : [];
    });
    fill("codes", codes, (code) => code);
    byId("nodes").classList.remove("away");
  } catch (error) {
    byId("nodes").textContent = `The gateway does not answer (${error.message})`;
  }
  setTimeout(tick, SECONDS * 1000);
}

function fill(id, pairs, cell) {
  const rows = pairs
    .sort((a, b) => b[1] - a[1])
    .slice(0, 100)
    .map(([name, count]) => {
      const row = document.createElement("tr");
      row.appendChild(document.createElement("td")).append(cell(name));
      const number = row.appendChild(document.createElement("td"));
      number.className = "number";
      number.textContent = count.toLocaleString("en");
      return row;
    });
  byId(id).replaceChildren(...rows);
}

async function call(method, parameters = {}) {
  const body = JSON.stringify(parameters);
  const response = await fetch(`/admin/api/${method}`, { method: "POST", headers: { "X-Admin": "1" }, body });
  return response.json();
}

const answer = (value) => {
  byId("answer").textContent = typeof value === "string" ? value : JSON.stringify(value, null, 2);
};

async function refresh() {
  const [info, channels] = await Promise.all([call("info"), call("channels")]);
  const nodes = info.result?.nodes ?? [];
  byId("nodes").textContent = nodes
    .map((node) => `${node.name} ${node.version}, up ${Math.round(node.uptime / 60)} min`)
    .join(" · ");
  const found = Object.entries(channels.result?.channels ?? {});
  fill("channels", found.map(([name, facts]) => [name, facts.num_clients]), (name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.onclick = () => {
      for (const id of ["look", "publish"]) byId(id).elements.channel.value = name;
      look("history", name);
    };
    return button;
  });
}

async function look(method, channel) {
  const more = method === "history" ? { limit: 20, reverse: true } : {};
  answer(await call(method, { channel, ...more }));
}

function decoded(token) {
  const part = (text) => {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  const [header, claims] = token.trim().split(".").slice(0, 2).map(part);
  const end = claims.exp ? new Date(claims.exp * 1000) : null;
  const lives = end ? `${end < new Date() ? "expired" : "expires"} ${end.toISOString()}` : "never expires";
  return { header, claims, lives, signature: "not checked here" };
}

const on = (id, act) =>
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await act(event.target.elements, event.submitter);
    } catch (error) {
      answer(`Not understood: ${error.message}`);
    }
  });

on("look", (fields, button) => look(button?.value ?? "history", fields.channel.value));
on("publish", async (fields) => {
  answer(await call("publish", { channel: fields.channel.value, data: JSON.parse(fields.data.value) }));
});
on("token", (fields) => answer(decoded(fields.token.value)));
byId("refresh").onclick = refresh;
refresh();
setInterval(refresh, 10_000);
tick();
