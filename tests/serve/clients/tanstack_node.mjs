// The steps of TanStack AI's video adapter for OpenAI; prints them as JSON.
import { createOpenaiVideo } from "@tanstack/ai-openai";

const steps = {};
async function step(name, call) {
  try {
    await call();
    steps[name] = "ok";
  } catch (error) {
    steps[name] = `${error?.constructor?.name}: ${String(error?.message).slice(0, 200)}`;
  }
}
const adapter = createOpenaiVideo("sora-2", "none", { baseURL: process.env.OPENAI_BASE_URL });
const logger = new Proxy({}, { get: () => () => {} });
let job;
await step("createVideoJob", async () => {
  job = await adapter.createVideoJob({ model: "sora-2", prompt: "a ball", size: "1280x720", duration: 4, logger });
  if (!job.jobId.startsWith("video_")) throw new Error(JSON.stringify(job));
});
await step("getVideoStatus", async () => {
  for (let tries = 0; tries < 5 * Number(process.env.OZORA_PATIENCE ?? "120"); tries++) {
    const found = await adapter.getVideoStatus(job.jobId);
    if (found.status === "completed") return;
    if (found.status === "failed") throw new Error(JSON.stringify(found));
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("never done");
});
await step("getVideoUrl", async () => {
  const found = await adapter.getVideoUrl(job.jobId);
  if (!found.url) throw new Error(JSON.stringify(found));
});
console.log(JSON.stringify(steps));
