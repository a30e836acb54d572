// Scenes with novita-sdk 3.1.3: `novita_sdk_v3.cjs SCENE JSON` prints what it saw as JSON.
const fs = require("node:fs");
const path = require("node:path");
const axios = require("axios");
const { NovitaError, NovitaSDK, TaskStatus } = require("novita-sdk");

const POLL_MS = 100;
const [scene, text] = process.argv.slice(2);
const told = JSON.parse(text);
const sdk = new NovitaSDK(told.key);
sdk.setBaseUrl(told.url);

function pause() {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function finished(taskId) {
  const polls = [];
  for (;;) {
    const result = await sdk.progress({ task_id: taskId });
    polls.push([result.task.status, result.task.progress_percent, result.task.eta]);
    if ([TaskStatus.SUCCEED, TaskStatus.FAILED].includes(result.task.status)) return { result, polls };
    await pause();
  }
}

async function downloaded(images) {
  const files = [];
  for (const image of images) {
    const reply = await axios.get(image.image_url, { responseType: "arraybuffer" });
    files.push(path.join(told.folder, `${files.length}.${image.image_type}`));
    fs.writeFileSync(files.at(-1), Buffer.from(reply.data));
  }
  return files;
}

async function seen(submitted) {
  const { result, polls } = await finished(submitted.task_id);
  const { task, images, extra } = result;
  return {
    sdk: require("novita-sdk/package.json").version,
    status: task.status,
    reason: task.reason,
    task_type: task.task_type,
    seed: extra.seed ?? null,
    polls,
    files: await downloaded(images),
  };
}

// How each of the calls ends: the SDK's own error, or null where it is answered.
async function endings(calls) {
  const seen = [];
  for (const call of calls) {
    const answer =
      call === "submit"
        ? sdk.img2Img({ extra: told.extra, request: told.request })
        : sdk.progress({ task_id: told.task_id });
    const ending = await answer.then(
      () => null,
      (error) => {
        if (!(error instanceof NovitaError)) throw error;
        return { code: error.code, reason: error.reason, msg: error.msg };
      },
    );
    seen.push(ending);
  }
  return { sdk: require("novita-sdk/package.json").version, endings: seen };
}

const scenes = {
  endings: () => endings(told.calls),
  img2img: async () => seen(await sdk.img2Img({ extra: told.extra, request: told.request })),
  upscale: async () =>
    seen(
      await sdk.httpFetch({
        url: "/v3/async/upscale",
        method: "POST",
        data: { extra: told.extra, request: told.request },
      }),
    ),
  unknown_task: () => sdk.progress({ task_id: "no-such-task" }),
  models: async () => (await sdk.getModels(told.query)).models.map((model) => model.sd_name),
};

scenes[scene]()
  .catch((error) => {
    if (!(error instanceof NovitaError)) throw error;
    const { code, msg, reason, metadata } = error;
    return { code, msg, reason, metadata };
  })
  .then((result) => console.log(JSON.stringify(result)));
