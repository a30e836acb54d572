// Sends the chosen picture, waits for the end of its job, and shows what came of it.
const form = document.querySelector("form");
const button = form.querySelector("button");
const status = document.querySelector("#status");
const result = document.querySelector("#result");
const image = result.querySelector("img");

function say(message, bad = false) {
  status.textContent = bad ? `Sorry: ${message}` : message;
  status.classList.toggle("bad", bad);
}

async function ask(url, options) {
  const reply = await fetch(url, options);
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}

async function enlarged(file) {
  const headers = { "Content-Type": file.type };
  let job = await ask("/jobs", { method: "POST", headers, body: file });
  while (!job.settled) {
    say(job.message);
    job = await ask(`/jobs/${job.id}`, { headers: { Prefer: "wait=20" } });
  }
  return job;
}

async function show(job) {
  image.src = job.picture;
  await image.decode();
  result.querySelector("span").textContent = `${image.naturalWidth} × ${image.naturalHeight} pixels`;
  result.querySelector("a").href = job.picture;
  result.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true"; // and not disabled, which would take the focus away
  result.hidden = true;
  say("Your picture is being sent.");
  try {
    const job = await enlarged(form.querySelector("input").files[0]);
    if (job.picture) await show(job);
    say(job.message, !job.picture);
  } catch (error) {
    // Sending the same picture again is safe: the site knows it, and does not pay for it twice.
    say(error instanceof TypeError ? "The connection broke. Please press Enlarge again." : error.message, true);
  } finally {
    button.ariaDisabled = "false";
  }
});
