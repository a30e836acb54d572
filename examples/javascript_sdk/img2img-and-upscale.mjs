// Repaints a picture and enlarges what came of it, with the official JavaScript SDK.
// npm install; node img2img-and-upscale.mjs photo.png FOLDER
// against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
// against the service:  NOVITA_API_KEY=sk_...
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { NovitaSDK, TaskStatus } from "novita-sdk";

const POLL_MS = 1000;
const LIMIT_MS = 300_000;

const [picture, folder] = process.argv.slice(2);
const client = new NovitaSDK(process.env.NOVITA_API_KEY);
if (process.env.NOVITA_IMAGE_BASE_URL) client.setBaseUrl(process.env.NOVITA_IMAGE_BASE_URL);

/** The picture that a task makes, once it has made it. */
async function pictureOf({ task_id }) {
  const giveUp = Date.now() + LIMIT_MS;
  while (Date.now() < giveUp) {
    const { task, images } = await client.progress({ task_id });
    if (task.status === TaskStatus.SUCCEED) return download(images[0].image_url);
    if (task.status === TaskStatus.FAILED) throw new Error(`task ${task_id} failed: ${task.reason}`);
    await pause(POLL_MS);
  }
  throw new Error(`task ${task_id} has not ended; ask for it later`);
}

async function download(url) {
  const reply = await fetch(url); // no key: the link is signed, and nobody else's business
  if (!reply.ok) throw new Error(`the picture can't be downloaded: HTTP ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

async function img2img(content) {
  const request = {
    model_name: "sd_xl_base_1.0.safetensors",
    image_base64: content.toString("base64"),
    prompt: "an oil painting",
    width: 512,
    height: 512,
    image_num: 1,
    steps: 20,
    guidance_scale: 7.5,
    sampler_name: "Euler a",
    strength: 0.4,
  };
  return pictureOf(await client.img2Img({ extra: { response_image_type: "png" }, request }));
}

// The SDK has no method for upscale any more; what its methods are made of does it.
async function upscale(content) {
  const request = {
    model_name: "4x-UltraSharp",
    scale_factor: 2,
    image_base64: content.toString("base64"),
  };
  const submitted = await client.httpFetch({ url: "/v3/async/upscale", method: "POST", data: { request } });
  return pictureOf(submitted);
}

try {
  await mkdir(folder, { recursive: true });
  const painting = await img2img(await readFile(picture));
  await writeFile(join(folder, "painting.png"), painting);
  await writeFile(join(folder, "painting-2x.png"), await upscale(painting));
} catch (error) {
  console.error(`error: ${error.reason ?? ""} ${error.msg ?? error.message}`); // NovitaError has reason and msg
  process.exitCode = 1;
}
