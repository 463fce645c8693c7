"""Checks the dependencies without a network: licences, sources, banned, duplicate and unused ones.

It cannot check for security advisories. Their database is not in a package registry: run
`cargo deny check advisories` on a machine that can download it.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The accepted licences. A crate with a choice of licences needs one of them.
LICENCES = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Unlicense",
    "Zlib",
}
# Banned crates, each with the reason.
BANNED = {
    "openssl-sys": "rustls is the one TLS",
    "native-tls": "rustls is the one TLS",
    "aws-lc-sys": "ring builds in seconds, this in minutes",
    "chrono": "jiff is the one calendar",
    "time": None,  # actix-web uses it for cookies and dates; the gateway's own code must not
    "serde_yaml": "not maintained",
    "lazy_static": None,
}
# Crates that may be present in several versions, because not all of their users have updated.
MOST_DOUBLES = 30
# Dependencies that a macro, a feature or a build script uses without naming them.
UNNAMED = {"isogloss": set()}


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:  # nothing is downloaded yet
        command.remove("--offline")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def allowed(expression):
    """Whether the accepted licences satisfy a licence expression with OR and AND."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)

    def either():
        fits = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            fits = both() or fits
        return fits

    def both():
        fits = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            fits = one() and fits
        return fits

    def one():
        token = tokens.pop(0)
        if token == "(":
            fits = either()
            tokens.pop(0)
            return fits
        if tokens and tokens[0] == "WITH":
            token += " ".join(["", tokens.pop(0), tokens.pop(0)])
        return token in LICENCES

    return either()


def shipped(packages, graph, members):
    """The packages of a build, tests included."""
    seen, waiting = set(), list(members)
    while waiting:
        package = waiting.pop()
        if package not in seen:
            seen.add(package)
            waiting += [edge["pkg"] for edge in graph[package]["deps"]]
    return [packages[package] for package in seen]


def idle(package):
    """Dependencies that no source of the package names."""
    folder = pathlib.Path(package["manifest_path"]).parent
    places = ["src", "tests", "benches", "examples", "build.rs"]
    files = [file for place in places for file in ([folder / place] if place.endswith(".rs") else (folder / place).rglob("*.rs"))]
    text = "\n".join(file.read_text() for file in files if file.is_file())
    for dependency in package["dependencies"]:
        name = (dependency["rename"] or dependency["name"]).replace("-", "_")
        if not re.search(r"\b%s\b" % re.escape(name), text) and dependency["name"] not in UNNAMED.get(package["name"], ()):
            yield dependency["name"]


def main():
    whole = metadata()
    packages = {package["id"]: package for package in whole["packages"]}
    graph = {node["id"]: node for node in whole["resolve"]["nodes"]}
    members = whole["workspace_members"]
    all_of_it = shipped(packages, graph, members)
    foreign = [package for package in all_of_it if package["id"] not in members]
    faults = []
    for package in foreign:
        name = "%s %s" % (package["name"], package["version"])
        if not package["license"] or not allowed(package["license"]):
            faults.append("%s: licence %s" % (name, package["license"]))
        if not (package["source"] or "").startswith("registry+"):
            faults.append("%s: from %s, not from a registry" % (name, package["source"]))
        if BANNED.get(package["name"]):
            faults.append("%s: banned, %s" % (name, BANNED[package["name"]]))
    for member in members:
        package = packages[member]
        for name in idle(package):
            faults.append("%s: nothing uses its dependency %s" % (package["name"], name))
        for dependency in package["dependencies"]:
            if dependency["name"] in BANNED:
                faults.append("%s: may not use %s" % (package["name"], dependency["name"]))
    versions = collections.Counter(package["name"] for package in foreign)
    doubles = sorted(name for name, count in versions.items() if count > 1)
    if len(doubles) > MOST_DOUBLES:
        faults.append("%d crates are there twice: %s" % (len(doubles), ", ".join(doubles)))
    print("%d crates of others; in several versions: %s" % (len(foreign), ", ".join(doubles) or "none"))
    print("advisories: not looked at, their database is not in a package registry (see the top of this file)")
    for fault in sorted(faults):
        print("FAULT", fault)
    return 1 if faults else 0


sys.exit(main())
