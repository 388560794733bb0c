// The JavaScript arms: a bare WebSocket, which is the limit, and the STOMP clients.
/* global StompJs, RxStomp, webstomp */

const now = () => performance.now();

// A WebSocket whose handler only counts.
const bare = (server) => {
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.origin}/bare`);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => resolve(socket);
      socket.onerror = () => reject(new Error("the WebSocket did not open"));
    });
  return {
    async receive(count, size, binary = false, subscriptions = 1, like = "") {
      const socket = await open();
      return new Promise((resolve) => {
        let seen = 0;
        let octets = 0;
        const started = now();
        socket.onmessage = (event) => {
          octets += event.data.length ?? event.data.byteLength;
          seen += 1;
          if (seen === count) {
            resolve(now() - started);
            socket.close();
          }
        };
        socket.send(JSON.stringify({ flood: { count, size, binary, subscriptions, like } }));
      });
    },
    async publish(count, size) {
      const socket = await open();
      const body = "x".repeat(size);
      return new Promise((resolve) => {
        const started = now();
        socket.onmessage = () => {
          resolve(now() - started);
          socket.close();
        };
        for (let i = 0; i < count; i += 1) {
          socket.send(`SEND\ndestination:/topic/sink\ncontent-length:${size}\n\n${body}\0`);
        }
        socket.send("end");
      });
    },
    async roundTrip(count, gap) {
      const socket = await open();
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
};

// The same through a broker, which wants a few frames of STOMP first; each of its WebSocket messages is one frame.
const bareStomp = (server) => ({
  drain(count, destination) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(server.url, ["v12.stomp"]);
      let started = 0;
      let seen = 0;
      let octets = 0;
      socket.onerror = () => reject(new Error("the WebSocket did not open"));
      socket.onopen = () => {
        const login = Object.entries(server.headers).map(([name, value]) => `${name}:${value}\n`);
        socket.send(`CONNECT\naccept-version:1.2\nheart-beat:0,0\n${login.join("")}\n\0`);
      };
      socket.onmessage = () => {
        socket.onmessage = (event) => {
          octets += event.data.length;
          seen += 1;
          if (seen === count) {
            resolve(now() - started);
            socket.close();
          }
        };
        started = now();
        socket.send(`SUBSCRIBE\nid:0\ndestination:${destination}\n\n\0`);
      };
    });
  },
});

// What each client is asked for: connect, and of what that gives subscribe(destination, callback(length)),
// send(destination, body, receipt) and close.
const CONNECT = {
  stompjs: (server) =>
    new Promise((resolve) => {
      const client = new StompJs.Client({
        brokerURL: server.url,
        connectHeaders: server.headers,
        heartbeatIncoming: 0,
        heartbeatOutgoing: 0,
        reconnectDelay: 0,
      });
      client.onConnect = () =>
        resolve({
          subscribe: (destination, callback, binary) =>
            client.subscribe(destination, (message) =>
              callback(binary ? message.binaryBody.length : message.body.length),
            ),
          send: (destination, body, receipt) => {
            if (!receipt) {
              client.publish({ destination, body });
              return undefined;
            }
            return new Promise((confirmed) => {
              client.watchForReceipt(receipt, confirmed);
              client.publish({ destination, body, headers: { receipt } });
            });
          },
          close: () => client.deactivate({ force: true }),
        });
      client.activate();
    }),
  "rx-stomp": (server) =>
    new Promise((resolve) => {
      const client = new RxStomp.RxStomp();
      client.configure({
        brokerURL: server.url,
        connectHeaders: server.headers,
        heartbeatIncoming: 0,
        heartbeatOutgoing: 0,
        reconnectDelay: 0,
      });
      client.connected$.subscribe(() =>
        resolve({
          subscribe: (destination, callback, binary) =>
            client
              .watch(destination)
              .subscribe((message) => callback(binary ? message.binaryBody.length : message.body.length)),
          send: (destination, body, receipt) => {
            if (!receipt) {
              client.publish({ destination, body });
              return undefined;
            }
            const confirmed = client.asyncReceipt(receipt);
            client.publish({ destination, body, headers: { receipt } });
            return confirmed;
          },
          close: () => client.deactivate({ force: true }),
        }),
      );
      client.activate();
    }),
  "webstomp-client": (server) =>
    new Promise((resolve, reject) => {
      const client = webstomp.client(server.url, { debug: false, heartbeat: false });
      client.connect(
        server.headers,
        () =>
          resolve({
            subscribe: (destination, callback) =>
              client.subscribe(destination, (message) => callback(message.body.length)),
            send: (destination, body) => client.send(destination, body),
            close: () => client.disconnect(),
          }),
        reject,
      );
    }),
};

// Calls back with the time when the last of so many messages came.
const counter = (count, finish) => {
  let seen = 0;
  let octets = 0;
  return (length) => {
    octets += length;
    seen += 1;
    if (seen === count) finish(now());
  };
};

const arm = (server, connect) => ({
  async receive(count, size, binary = false, subscriptions = 1, like = "") {
    const client = await connect(server);
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const onMessage = counter(count, finish);
    for (let i = 0; i < subscriptions; i += 1) client.subscribe(`/topic/flood${i || ""}`, onMessage, binary);
    if (subscriptions > 1) await client.send("/topic/sink", "", "subscribed"); // what subscribing costs is not meant
    const started = now();
    client.send("/topic/flood", JSON.stringify({ count, size, binary, like }));
    const ended = await finished;
    client.close();
    return ended - started;
  },
  async drain(count, destination) {
    const client = await connect(server);
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const started = now();
    client.subscribe(destination, counter(count, finish));
    const ended = await finished;
    client.close();
    return ended - started;
  },
  async publish(count, size, receipts = false) {
    const client = await connect(server);
    const body = "x".repeat(size);
    if (receipts) {
      const started = now();
      const waiting = [];
      for (let i = 0; i < count; i += 1) waiting.push(client.send("/topic/sink", body, `r-${i}`));
      await Promise.all(waiting);
      client.close();
      return now() - started;
    }
    return new Promise((resolve) => {
      let started = 0;
      client.subscribe("/topic/done", () => {
        resolve(now() - started);
        client.close();
      });
      started = now();
      for (let i = 0; i < count; i += 1) client.send("/topic/sink", body);
      client.send("/topic/end", "");
    });
  },
  async roundTrip(count, gap) {
    const client = await connect(server);
    let arrived;
    client.subscribe("/topic/echo", () => arrived());
    const times = [];
    for (let i = 0; i < count; i += 1) {
      if (gap) await new Promise((resolve) => setTimeout(resolve, gap));
      const started = now();
      await new Promise((resolve) => {
        arrived = resolve;
        client.send("/topic/echo", "hello");
      });
      times.push(now() - started);
    }
    client.close();
    return times;
  },
});

// `server`: origin, url of its WebSocket, and the headers of CONNECT.
export const javascript = (server) => ({
  bare: { ...bare(server), ...bareStomp(server) },
  ...Object.fromEntries(Object.entries(CONNECT).map(([name, connect]) => [name, arm(server, connect)])),
});
