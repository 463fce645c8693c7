// OctoPrint's own JavaScript client with jQuery under jsdom: octoprint.js URL KEY ADMIN PASSWORD CLIENT
// (CLIENT: the folder static/js/app/client of the PyPI package OctoPrint). NODE_PATH has the packages.
const fs = require("fs");
const path = require("path");
const { CookieJar, JSDOM, VirtualConsole } = require("jsdom");

const [url, key, admin, password, folder] = process.argv.slice(2);
const base = url.replace(/\/*$/, "/");
let failures = 0;

function client(apikey) {
    const dom = new JSDOM("<!doctype html>", {
        url: base, runScripts: "outside-only", cookieJar: new CookieJar(), virtualConsole: new VirtualConsole(),
    });
    const packages = ["jquery/dist/jquery.js", "lodash/lodash.js"].map((name) => require.resolve(name));
    const own = ["base.js", "access.js", "users.js", "browser.js"].map((name) => path.join(folder, name));
    for (const file of [...packages, ...own]) dom.window.eval(fs.readFileSync(file, "utf8"));
    dom.window.OctoPrint.options.baseurl = base;
    if (apikey) dom.window.OctoPrint.options.apikey = apikey;
    return dom.window.OctoPrint;
}

// wanted: the status; fits: a predicate on the body
async function expect(what, call, wanted, fits = () => true) {
    const answer = await new Promise((resolve) => call().then(
        (body, _text, xhr) => resolve({ status: xhr.status, body }),
        (xhr) => resolve({ status: xhr.status, body: xhr.responseJSON }),
    ));
    let good = answer.status === wanted;
    try { good = good && Boolean(fits(answer.body)); } catch { good = false; }
    console.log(good ? "ok  " : "FAIL", what, "->", answer.status, JSON.stringify(answer.body));
    failures += good ? 0 : 1;
    return answer.body;
}

async function people(label, users, asPerson) {
    const name = `${label} ü☃`;
    const one = (body) => body.users.find((user) => user.name === name);
    const say = (what) => `${label}: ${what}`;
    await expect(say("list"), () => users.list(), 200, (body) => body.users[0].name === admin);
    await expect(say("add"), () => users.add({ name, password: "pw1" }), 200, (body) => one(body).active && !one(body).admin);
    await expect(say("add, taken"), () => users.add({ name, password: "pw1" }), 409, (body) => body.error);
    await expect(say("get"), () => users.get(name), 200, (body) => body.user === true && body.apikey === null);
    await expect(say("get, nobody"), () => users.get("nobody"), 404, (body) => body.error);
    await expect(say("update without groups"), () => users.update(name, false, true), 500);
    await expect(say("update"), () => users.update(name, false, false, [], ["admins"]), 200, (body) => one(body).admin && !one(body).active);
    await expect(say("update back"), () => users.update(name, true, false, ["STATUS"], ["users"]), 200, (body) => !one(body).admin && one(body).active);
    await expect(say("changePassword"), () => users.changePassword(name, "pw2"), 200);
    const own = await expect(say("generateApiKey"), () => users.generateApiKey(name), 200, (body) => /^[\w-]{43}$/.test(body.apikey));
    const person = asPerson(client(own.apikey));
    await expect(say("get oneself"), () => person.get(name), 200, (body) => body.name === name);
    await expect(say("get another"), () => person.get(admin), 403);
    await expect(say("list by an ordinary person"), () => person.list(), 403);
    await expect(say("saveSettings"), () => users.saveSettings(name, { a: { b: 1 }, c: 2 }), 200);
    await expect(say("saveSettings, merged"), () => person.saveSettings(name, { a: { d: 3 } }), 200);
    await expect(say("getSettings"), () => users.getSettings(name), 200, (body) => JSON.stringify(body) === '{"a":{"d":3},"c":2}');
    await expect(say("resetApiKey"), () => users.resetApiKey(name), 200);
    await expect(say("get by a dead key"), () => person.get(name), 403);
    await expect(say("delete"), () => users.delete(name), 200, (body) => !one(body));
    await expect(say("delete again"), () => users.delete(name), 404);
    await expect(say("delete oneself"), () => users.delete(admin), 400);
}

async function browser() {
    const page = client(null);
    await expect("cookies: login without a token", () => page.browser.login(admin, password), 400);
    await expect("cookies: the login page", () => page.get("login/", { dataType: "text" }), 200);
    await expect("cookies: list as a guest", () => page.users.list(), 403);
    await expect("cookies: a wrong password", () => page.browser.login(admin, "wrong"), 403);
    await expect("cookies: login", () => page.browser.login(admin, password), 200, (body) => body.name === admin && body.session);
    await expect("cookies: passiveLogin", () => page.browser.passiveLogin(), 200, (body) => body.name === admin);
    await expect("cookies: list", () => page.users.list(), 200);
    await expect("cookies: add", () => page.users.add({ name: "page", password: "x" }), 200);
    await expect("cookies: delete", () => page.users.delete("page"), 200);
    await expect("cookies: the older path", () => page.get(`api/users/${admin}`), 200, (body) => body.name === admin);
    await expect("cookies: logout", () => page.browser.logout(), 200);
    await expect("cookies: list after the logout", () => page.users.list(), 403);
}

async function main() {
    const keyed = client(key);
    await people("users", keyed.users, (own) => own.users);
    await people("access.users", keyed.access.users, (own) => own.access.users);
    await browser();
    process.exit(failures ? 1 : 0);
}

main().catch((error) => { console.error(error); process.exit(2); });
