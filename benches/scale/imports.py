"""Imports: accounts files, keys and ids, as an operator runs them."""

import json
import os
import subprocess
import time

ADMINISTRATOR, KEY = "admin", "0a1f4cb52f9bb33ed1d2cc6e1a3b4f60758d6c2f913"
DIALECTS = ["octoprint", "rhodecode", "kanboard", "dandelion"]
HOLDERS = ["octoprint", "rhodecode", "dandelion"]


def key_of(dialect, number):
    """The value of a person's key."""
    return f"{dialect}-{number:07}-7f3c5a9be1d204866b1f0c"


def accounts(path, people):
    """Writes an accounts file: an administrator, and people with a name and an address."""
    admin = {"username": ADMINISTRATOR, "admin": True,
             "keys": [{"dialect": one, "value": KEY} for one in DIALECTS if one != "kanboard"]}
    with open(path, "w") as file:
        application = [{"dialect": "kanboard", "value": KEY}]
        file.write(f'{{"application_keys": {json.dumps(application)},\n"users": [{json.dumps(admin)}')
        for number in range(people):
            person = {"username": f"p{number}", "display_name": f"Person {number}",
                      "email": f"p{number}@example.org"}
            file.write(",\n" + json.dumps(person))
        file.write("]}\n")


def keys(path, people):
    """Writes three keys for each person."""
    with open(path, "w") as file:
        file.write("username,dialect,key\n")
        for number in range(people):
            for dialect in HOLDERS:
                file.write(f"p{number},{dialect},{key_of(dialect, number)}\n")


def ids(path, people):
    """Writes an id for each person."""
    with open(path, "w") as file:
        file.write("id_namespace,id,username\n")
        for number in range(people):
            file.write(f"kanboard,{number + 10},p{number}\n")


def timed(command, folder):
    """Runs a command. Answers its time, its processor time, both in seconds, and its peak memory."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = time.monotonic() - start
    return {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}


def measure(program, engine, people, folder):
    """The three imports, one after another."""
    files = [("accounts", accounts, people, ["init", "--accounts"]),
             ("keys", keys, 3 * people, ["key", "import"]),
             ("ids", ids, people, ["identity", "import"])]
    found = {}
    for name, write, rows, words in files:
        path = folder / f"{name}.import"
        write(path, people)
        done = timed([program, *words, path, *engine.words], folder)
        path.unlink()
        found[name] = {"rows": rows, "per_second": rows / done["seconds"], **done}
    return {"imports": found}
