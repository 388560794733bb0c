// stompjs's own parser in node: node stompjs_parser.mjs SIZE COUNT ROUNDS

const { Parser } = await import(new URL("../../build/npm/node_modules/@stomp/stompjs/esm6/parser.js", import.meta.url));

const [size, count, rounds] = process.argv.slice(2).map(Number);
const body = "0123456789abcdef".repeat(size / 16 + 1).slice(0, size);
const head =
  "MESSAGE\nsubscription:sub-1\nmessage-id:T_sub-1@@session-oVLfGmKEzN0TBHE8@@0\ndestination:/topic/flood\n" +
  `content-type:text/plain\nredelivered:false\ncontent-length:${size}\n\n`;
const one = head + body + "\0";
const times = [];
for (let round = 0; round < rounds; round += 1) {
  let seen = 0;
  const parser = new Parser(() => (seen += 1), () => {});
  const started = performance.now();
  for (let i = 0; i < count; i += 1) parser.parseChunk(one);
  times.push(performance.now() - started);
  if (seen !== count) throw new Error(`${seen} frames of ${count}`);
}
times.sort((a, b) => a - b);
const seconds = times[Math.floor(rounds / 2)] / 1000;
console.log(JSON.stringify({ megabytes_a_second: (one.length * count) / 1e6 / seconds }));
