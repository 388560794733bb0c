// The arms of the benchmark, in one page: each has receive, publish and roundTrip, and gives milliseconds.
import { boot } from "/pages/pyodide.mjs";

const url = new URLSearchParams(globalThis.location.search).get("server");
const now = () => performance.now();

// The limit: a WebSocket whose handler only counts.
const bare = {
  open: () =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url}/bare`);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => resolve(socket);
      socket.onerror = reject;
    }),
  async receive(count, size, binary) {
    const socket = await this.open();
    return new Promise((resolve) => {
      let seen = 0;
      let octets = 0;
      const started = now();
      socket.onmessage = (event) => {
        octets += event.data.length ?? event.data.byteLength;
        seen += 1;
        if (seen === count) {
          socket.close();
          resolve(now() - started);
        }
      };
      socket.send(JSON.stringify({ flood: { count, size, binary } }));
    });
  },
  async publish(count, size) {
    const socket = await this.open();
    const body = "x".repeat(size);
    return new Promise((resolve) => {
      socket.onmessage = () => {
        socket.close();
        resolve(now() - started);
      };
      const started = now();
      for (let i = 0; i < count; i += 1) {
        socket.send(`SEND\ndestination:/topic/sink\ncontent-length:${size}\n\n${body}\0`);
      }
      socket.send("end");
    });
  },
  async roundTrip(count, gap) {
    const socket = await this.open();
    const times = [];
    for (let i = 0; i < count; i += 1) {
      if (gap) await new Promise((resolve) => setTimeout(resolve, gap));
      const started = now();
      await new Promise((resolve) => {
        socket.onmessage = resolve;
        socket.send("echohello");
      });
      times.push(now() - started);
    }
    socket.close();
    return times;
  },
};

const stompjs = {
  open: () =>
    new Promise((resolve) => {
      const client = new StompJs.Client({
        brokerURL: `${url}/stomp`,
        heartbeatIncoming: 0,
        heartbeatOutgoing: 0,
        reconnectDelay: 0,
      });
      client.onConnect = () => resolve(client);
      client.activate();
    }),
  async receive(count, size, binary, subscriptions = 1) {
    const client = await this.open();
    return new Promise((resolve) => {
      let seen = 0;
      let octets = 0;
      let started = 0;
      const onMessage = (message) => {
        octets += binary ? message.binaryBody.length : message.body.length;
        seen += 1;
        if (seen === count) {
          const spent = now() - started;
          client.deactivate({ force: true });
          resolve(spent);
        }
      };
      for (let i = 0; i < subscriptions; i += 1) client.subscribe(`/topic/flood${i || ""}`, onMessage);
      started = now();
      client.publish({ destination: "/topic/flood", body: JSON.stringify({ count, size, binary }) });
    });
  },
  async publish(count, size) {
    const client = await this.open();
    const body = "x".repeat(size);
    return new Promise((resolve) => {
      client.subscribe("/topic/done", () => {
        const spent = now() - started;
        client.deactivate({ force: true });
        resolve(spent);
      });
      const started = now();
      for (let i = 0; i < count; i += 1) client.publish({ destination: "/topic/sink", body });
      client.publish({ destination: "/topic/end", body: "" });
    });
  },
  async roundTrip(count, gap) {
    const client = await this.open();
    let arrived;
    client.subscribe("/topic/echo", () => arrived());
    const times = [];
    for (let i = 0; i < count; i += 1) {
      if (gap) await new Promise((resolve) => setTimeout(resolve, gap));
      const started = now();
      await new Promise((resolve) => {
        arrived = resolve;
        client.publish({ destination: "/topic/echo", body: "hello" });
      });
      times.push(now() - started);
    }
    client.deactivate({ force: true });
    return times;
  },
};

const booted = await boot(globalThis.location.search);
booted.addModule("bench_client", await (await fetch("/bench/bench_client.py")).text());
const python = booted.pyodide.pyimport("bench_client");
const plain = async (promise) => {
  const value = await promise;
  return value?.toJs ? value.toJs() : value;
};
const arm = (way) => ({
  receive: (count, size, binary, subscriptions = 1) => plain(python.receive(url, way, count, size, binary, subscriptions)),
  publish: (count, size) => plain(python.publish(url, count, size)),
  roundTrip: (count, gap) => plain(python.round_trip(url, way, count, gap)),
});

globalThis.arms = { bare, stompjs, callback: arm("callback"), "async for": arm("async for") };
document.documentElement.dataset.ready = "1";
