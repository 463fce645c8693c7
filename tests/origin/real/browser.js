// A person in a browser: signs in to OctoPrint, sees its page, hears its websocket, uploads a file.
// Arguments: the address, a user name, a password, the size of the file in bytes.
"use strict";
const puppeteer = require("puppeteer-core");

const [address, user, password, size] = process.argv.slice(2);
const PATIENCE = 120000;

function check(holds, what) {
    if (!holds) throw new Error(what);
}

async function signIn(page) {
    await page.goto(address + "/", { waitUntil: "load", timeout: PATIENCE });
    check(page.url().startsWith(address + "/login/"), "no way to the login page: " + page.url());
    await page.waitForSelector("#login-user", { visible: true, timeout: PATIENCE });
    await page.type("#login-user", user);
    await page.type("#login-password", password);
    await Promise.all([
        page.waitForNavigation({ waitUntil: "load", timeout: PATIENCE }),
        page.click("#login-button"),
    ]);
    check(new URL(page.url()).href.startsWith(address + "/"), "led away: " + page.url());
    check(!page.url().includes("/login/"), "not signed in: " + page.url());
    check((await page.title()).includes("OctoPrint"), "another page: " + (await page.title()));
}

// Waits for what the websocket delivers.
async function hear(frames, words) {
    const end = Date.now() + PATIENCE;
    const heard = (word) => frames.some((frame) => frame.includes(word));
    while (!words.every(heard) && Date.now() < end) {
        await new Promise((next) => setTimeout(next, 100));
    }
    check(words.every(heard), "the websocket does not deliver " + words + ":\n" + frames.map((frame) => frame.slice(0, 200)).join("\n"));
}

async function upload(page) {
    const file = await page.evaluate(async (length, name) => {
        const blob = new Blob([new Uint8Array(length).fill(59)]);
        await OctoPrint.files.upload("local", blob, { filename: name });
        const found = await OctoPrint.files.get("local", name);
        return { size: found.size, link: found.refs.resource };
    }, Number(size), `large-${Date.now()}.gcode`);
    check(file.size === Number(size), "the file has another size: " + file.size);
    check(file.link.startsWith(address + "/"), "the link leads elsewhere: " + file.link);
}

async function main() {
    const options = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] };
    const browser = await puppeteer.launch(options);
    try {
        const page = await browser.newPage();
        const frames = [];
        const missing = [];
        const session = await page.createCDPSession();
        await session.send("Network.enable");
        session.on("Network.webSocketFrameReceived", (event) => frames.push(event.response.payloadData));
        page.on("response", (answer) => {
            if (answer.url().includes("/static/") && answer.status() >= 400) missing.push(answer.url());
        });
        await signIn(page);
        // The history comes to who has signed in.
        await hear(frames, ['"connected"', '"history"']);
        check(missing.length === 0, "parts of the page are missing: " + missing.join(" "));
        await upload(page);
        await hear(frames, ["FileAdded"]);
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
