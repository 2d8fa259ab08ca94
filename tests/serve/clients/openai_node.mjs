// Every step a program takes with the openai client for Node, of any version; prints them as JSON.
import { deflateSync, crc32 } from "node:zlib";
import OpenAI, { toFile } from "openai";

const client = new OpenAI({ maxRetries: 0 });
const steps = {};
const small = { size: "96x64", seconds: "4" };
const made = {};

async function step(name, call) {
  try {
    await call();
    steps[name] = "ok";
  } catch (error) {
    steps[name] = `${error?.constructor?.name}: ${String(error?.message).slice(0, 200)}`;
  }
}
function check(right, what) {
  if (!right) throw new Error(`wrong: ${what}`);
}
async function finished(id) {
  for (;;) {
    const video = await client.videos.retrieve(id);
    if (video.status === "completed" || video.status === "failed") return video;
    await new Promise((done) => setTimeout(done, 100));
  }
}
function crc(data) {
  if (crc32) return crc32(data);
  let value = ~0;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}
function png(width, height) {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([200, 30, 60]))]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const rows = deflateSync(Buffer.concat(Array(height).fill(row)));
  const magic = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([magic, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}
const picture = png(96, 64);
const dataUrl = `data:image/png;base64,${picture.toString("base64")}`;

await step("create and retrieve", async () => {
  const video = await client.videos.create({ prompt: "a ball", model: "sora-2", ...small });
  check(video.status === "queued" || video.status === "in_progress", video.status);
  made.first = await finished(video.id);
  check(made.first.status === "completed" && made.first.seconds === "4", JSON.stringify(made.first));
});
await step("content", async () => {
  for (const [variant, magic] of [["video", "ftyp"], ["thumbnail", "WEBP"]]) {
    const reply = await client.videos.downloadContent(made.first.id, { variant });
    made[variant] = Buffer.from(await reply.arrayBuffer());
    check(made[variant].subarray(0, 16).toString("latin1").includes(magic), variant);
  }
});
await step("list", async () => {
  const ids = [];
  for await (const video of client.videos.list({ limit: 1 })) ids.push(video.id);
  check(ids.includes(made.first.id), ids.length);
});
await step("first frame as a file", async () => {
  const file = await toFile(picture, "first.png", { type: "image/png" });
  const video = await client.videos.create({ prompt: "a ball", input_reference: file, ...small });
  check((await finished(video.id)).status === "completed", "status");
});
await step("first frame as an object", async () => {
  const video = await client.videos.create({ prompt: "a ball", input_reference: { image_url: dataUrl }, ...small });
  check((await finished(video.id)).status === "completed", "status");
});
await step("extra fields", async () => {
  const extra = { seed: 4, metadata: { take: "1" }, n: 2, guidance_scale: 2.5 };
  const video = await client.videos.create({ prompt: "a ball", ...small, ...extra });
  check(video.seed === 4 && video.metadata.take === "1" && video.video_ids.length === 2, JSON.stringify(video));
});
await step("remix", async () => {
  const video = await client.videos.remix(made.first.id, { prompt: "a cube" });
  check(video.remixed_from_video_id === made.first.id, "source");
});
// Only the tests' painter knows words that it refuses.
if (!process.env.OZORA_REAL) await step("failed job is a video", async () => {
  const video = await client.videos.create({ prompt: "this is refused", ...small });
  check((await finished(video.id)).error.code === "invalid_input", "code");
});
await step("errors", async () => {
  try {
    await client.videos.retrieve("video_123");
  } catch (error) {
    return check(error instanceof OpenAI.NotFoundError && error.code === "video_not_found", error.code);
  }
  throw new Error("found");
});
if (client.videos.edit) {
  await step("edit by id", async () => {
    const video = await client.videos.edit({ prompt: "a cube", video: { id: made.first.id } });
    check(video.edited_from_video_id === made.first.id, "source");
  });
  await step("edit an upload", async () => {
    const video = await client.videos.edit({ prompt: "a cube", video: await toFile(made.video, "film.mp4") });
    check(video.id, "id");
  });
  await step("extend by id", async () => {
    const video = await client.videos.extend({ prompt: "on", seconds: "4", video: { id: made.first.id } });
    check(video.seconds === "8", video.seconds);
  });
}
await step("models", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  check(ids.includes("sora-2"), ids);
});
await step("delete", async () => {
  const gone = await client.videos.delete(made.first.id);
  check(gone.deleted === true && gone.object === "video.deleted", JSON.stringify(gone));
});
console.log(JSON.stringify(steps));
