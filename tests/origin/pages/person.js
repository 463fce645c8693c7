// A person in a browser, on a gateway without an origin: signs in and decides about a program's request
// for a key. Arguments: the address, a user name, a password, "allow" or "deny", and how the person gets
// to the request: by the "link" of the first page, or by the address of the "dialog", which a program
// that this script plays has been told. Scripts are off in the browser for "link".
"use strict";
const puppeteer = require("puppeteer-core");

const [address, user, password, decision, way] = process.argv.slice(2);
const PATIENCE = 120000;
const BUTTONS = { allow: "#auth-grant", deny: "#auth-reject" };

function check(holds, what) {
    if (!holds) throw new Error(what);
}

// Clicks what leads to another page.
async function click(page, selector) {
    await page.waitForSelector(selector, { timeout: PATIENCE });
    const [answer] = await Promise.all([
        page.waitForNavigation({ waitUntil: "load", timeout: PATIENCE }),
        page.click(selector),
    ]);
    return answer;
}

async function signIn(page) {
    check(page.url().startsWith(address + "/login/"), "no way to the login page: " + page.url());
    const named = await page.$eval("#login-user", (field) => field.value);
    if (named !== user) await page.type("#login-user", user);
    await page.type("#login-password", password + "?");
    const refused = await click(page, "#login-button");
    check(refused.status() === 403, "a wrong password signs in: " + refused.status());
    await page.type("#login-password", password);
    await page.click("#login-remember");
    await click(page, "#login-button");
    check(!page.url().includes("/login/"), "not signed in: " + page.url());
    check(page.url().startsWith(address + "/"), "led away: " + page.url());
}

async function byLink(page) {
    await page.goto(address + "/", { waitUntil: "load", timeout: PATIENCE });
    await signIn(page);
    const end = Date.now() + PATIENCE;
    while (!await page.$("#requests a") && Date.now() < end) {
        await page.reload({ waitUntil: "load", timeout: PATIENCE });
    }
    await click(page, "#requests a");
}

// A program that shows its user the address of the dialog.
async function ask() {
    const sent = await fetch(address + "/plugin/appkeys/request", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ app: "dialog", user }),
    });
    check(sent.status === 201, "no request: " + sent.status);
    const { auth_dialog: dialog } = await sent.json();
    check(dialog.startsWith(address + "/"), "the dialog is elsewhere: " + dialog);
    return { dialog, poll: sent.headers.get("Location") };
}

async function wait(poll) {
    for (;;) {
        const answer = await fetch(poll);
        if (answer.status !== 202) return answer;
        await new Promise((next) => setTimeout(next, 500));
    }
}

async function byDialog(page) {
    const { dialog, poll } = await ask();
    const decided = wait(poll);
    await page.goto(dialog, { waitUntil: "load", timeout: PATIENCE });
    await signIn(page);
    return { decided };
}

async function outcome(decided) {
    const answer = await decided;
    if (decision === "deny") {
        check(answer.status === 404, "denied, and yet: " + answer.status);
        return;
    }
    check(answer.status === 200, "allowed, and yet: " + answer.status);
    const { api_key: key } = await answer.json();
    const who = await (await fetch(address + "/api/currentuser", { headers: { "X-Api-Key": key } })).json();
    check(who.name === user, "the key is not the user's: " + JSON.stringify(who));
}

async function main() {
    const options = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] };
    const browser = await puppeteer.launch(options);
    try {
        const page = await browser.newPage();
        const complaints = [];
        page.on("console", (message) => {
            if (!message.text().startsWith("Failed to load resource")) complaints.push(message.text());
        });
        await page.setJavaScriptEnabled(way !== "link");
        const program = way === "link" ? await byLink(page) : await byDialog(page);
        check((await page.title()) === "Access request", "another page: " + (await page.title()));
        const color = await page.$eval("main", (main) => getComputedStyle(main).backgroundColor);
        check(color === "rgb(255, 255, 255)", "the page has no style: " + color);
        const answer = await click(page, BUTTONS[decision]);
        check(answer.status() === 200, "the decision was not taken: " + answer.status());
        check(complaints.length === 0, "the browser complains: " + complaints.join("\n"));
        if (way === "dialog") await outcome(program.decided);
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
