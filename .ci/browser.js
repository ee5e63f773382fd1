// browser.js CHROMIUM HTTP_URL CHAT_URL FILE: uploads a file to one example server and exchanges
// messages between pages of the other. Saves screenshots beside FILE.
const path = require("path");
const { chromium } = require("playwright-core");

const [executablePath, http, chat, file] = process.argv.slice(2);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

(async () => {
  const browser = await chromium.launch({ executablePath, args: quiet });
  const visit = async url => {
    const page = await browser.newPage();
    page.on("pageerror", error => { throw error; });
    await page.goto(url);
    return page;
  };
  const shot = (page, name) => page.screenshot({ path: path.join(path.dirname(file), name) });

  const upload = await visit(http);
  await upload.setInputFiles("#file", file);
  const size = require("fs").statSync(file).size;
  await upload.waitForFunction(text => document.getElementById("said").value === text, `the server counted ${size} bytes`);
  await shot(upload, "upload.png");
  console.log(`uploaded ${size} bytes`);

  const pages = [await visit(`${chat}/#red`), await visit(`${chat}/#red`), await visit(`${chat}/#blue`)];
  for (const page of pages) await page.waitForFunction(() => /in (red|blue)/.test(document.body.innerText));
  for (const [i, text] of [[0, "from one"], [1, "from two"]]) {
    await pages[i].fill("#text", text);
    await pages[i].keyboard.press("Enter");
    for (const page of pages.slice(0, 2)) await page.waitForFunction(text => document.body.innerText.includes(text), text);
  }
  if ((await pages[2].innerText("body")).includes("from")) throw new Error("a message reached another room");
  await shot(pages[0], "chat.png");
  console.log("two pages received both messages, a page in another room received none");
  await browser.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
