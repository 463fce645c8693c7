"""The requests: look-ups of one person or group, and lists of everybody."""

import base64
import json
import time

from imports import KEY, key_of

REQUESTS, BEFORE = 2_000, 300


def kanboard(method, params):
    token = base64.b64encode(f"jsonrpc:{KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return "POST", "/kanboard/jsonrpc.php", headers, json.dumps(body)


def rhodecode(method, args):
    body = {"id": 1, "auth_token": KEY, "method": method, "args": args}
    return "POST", "/rhodecode/_admin/api", {"Content-Type": "text/plain"}, json.dumps(body)


def octoprint(path, key=KEY):
    return "GET", f"/octoprint{path}", {"X-Api-Key": key}, None


def dandelion(path):
    joint = "&" if "?" in path else "?"
    return "GET", f"/dandelion{path}{joint}apikey={KEY}", {}, None


# What is looked for, the request for a number, and a text of the answer.
LOOKUPS = {
    "by name": (lambda n: kanboard("getUserByName", {"username": f"p{n}"}), '"p{n}"'),
    "by name, with keys": (lambda n: rhodecode("get_user", {"userid": f"p{n}"}), '"p{n}"'),
    "by id": (lambda n: kanboard("getUser", {"user_id": n + 10}), '"p{n}"'),
    "by key": (lambda n: octoprint("/api/currentuser", key_of("octoprint", n)), '"p{n}"'),
    # A creation is refused because somebody has the address.
    "by e-mail": (lambda n: rhodecode("create_user", {"username": f"new{n}", "email": f"P{n}@example.org"}),
                  "p{n}@example.org"),
    "groups of": (lambda n: kanboard("getMemberGroups", {"user_id": n + 10}), '"g'),
}

LISTS = {
    "octoprint": octoprint("/api/access/users"),
    "rhodecode": rhodecode("get_users", {}),
    "kanboard": kanboard("getAllUsers", {}),
    "dandelion": dandelion("/api/users/getusers"),
}


def lookups(gateway, people):
    """The processor time and the time of each look-up, in microseconds."""
    found = {}
    for name, (request, text) in LOOKUPS.items():
        for at in range(BEFORE + REQUESTS):
            if at == BEFORE:
                cpu, start = gateway.cpu(), time.monotonic()
            number = at * 7_919 % people
            answer = gateway.ask(*request(number)).decode()
            if text.format(n=number).lower() not in answer.lower():
                raise RuntimeError(f"{name}: {answer[:300]}")
        taken = (time.monotonic() - start) * 1e6
        found[name] = {"cpu_us": (gateway.cpu() - cpu) / REQUESTS, "us": taken / REQUESTS}
    return found


def lists(gateway):
    """The speed of each list, the time to its first byte, and the growth of the memory."""
    found = {}
    for name, request in LISTS.items():
        gateway.reset_peak()
        cpu, memory, start = gateway.cpu(), gateway.memory("VmRSS"), time.monotonic()
        first, size, people, rest = None, 0, 0, b""
        for piece in gateway.stream(*request):
            first = first or time.monotonic() - start
            size += len(piece)
            text = rest + piece
            people += text.count(b"@example.org")
            rest = text[-len(b"@example.org") + 1:]
        seconds = time.monotonic() - start
        cpu = (gateway.cpu() - cpu) / 1e6
        found[name] = {"people": people, "bytes": size, "seconds": seconds, "cpu_seconds": cpu,
                       "people_per_second": people / seconds, "people_per_cpu_second": people / cpu,
                       "first_byte_ms": first * 1000, "memory_mib": gateway.memory("VmHWM") - memory}
    return found
