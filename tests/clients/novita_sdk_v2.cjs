// Scenes with novita-sdk 1.1.0: `novita_sdk_v2.cjs SCENE JSON` prints what it saw as JSON.
const fs = require("node:fs");
const path = require("node:path");
const { NovitaError, NovitaSDK, setBaseUrl, setNovitaKey, upscaleSync } = require("novita-sdk-v1");

const POLL_MS = 100;
const [scene, text] = process.argv.slice(2);
const told = JSON.parse(text);
const request = { ...told.request, image: fs.readFileSync(told.picture, "base64") };
const sdk = new NovitaSDK(told.key);
sdk.setBaseUrl(told.url);
setNovitaKey(told.key);
setBaseUrl(told.url);

// With img_type "base64" the SDK downloads the pictures itself, as data: URLs.
function written(dataUrls) {
  return dataUrls.map((dataUrl, number) => {
    const [head, encoded] = dataUrl.split(",");
    const file = path.join(told.folder, `${number}.png`);
    fs.writeFileSync(file, Buffer.from(encoded, "base64"));
    return [head, file];
  });
}

const config = { img_type: "base64", interval: POLL_MS };

// How each of the calls ends: the SDK's own error, or null where it is answered.
async function endings(calls) {
  const seen = [];
  for (const call of calls) {
    const answer = call === "submit" ? sdk.upscale(request) : sdk.progress({ task_id: told.task_id });
    const ending = await answer.then(
      () => null,
      (error) => {
        if (!(error instanceof NovitaError)) throw error;
        return { code: error.code, msg: error.msg };
      },
    );
    seen.push(ending);
  }
  return seen;
}

const scenes = {
  endings: () => endings(told.calls),
  upscale_sync: async () => written(await sdk.upscaleSync(request, config)),
  upscale_sync_function: async () => written(await upscaleSync(request, config)),
  links: () => sdk.upscaleSync(request, { interval: POLL_MS }),
};

scenes[scene]()
  .then((seen) => ({
    sdk: require("novita-sdk-v1/package.json").version,
    [scene === "endings" ? "endings" : "pictures"]: seen,
  }))
  .catch((error) => {
    if (!(error instanceof NovitaError)) throw error;
    const { code, msg, metadata } = error;
    return { code, msg, metadata };
  })
  .then((result) => console.log(JSON.stringify(result)));
