"""The user calls as RhodeCode's clients put them on the wire: rhodecode.py URL TOKEN.

tools: rhodecode-api sends text/plain, `api_key`, every argument as text, and a random integer id.
editor: the editor extensions send application/json, `api_key` and the id "1".
agent: an MCP server sends application/json, `auth_token` and a UUID for id.
"""

import json
import random
import sys
import urllib.request
import uuid

URL, TOKEN = sys.argv[1].rstrip("/") + "/_admin/api", sys.argv[2]
failures = []

STYLES = {
    "tools": ("text/plain", "api_key", lambda: random.randrange(1, 9999), str),
    "editor": ("application/json", "api_key", lambda: "1", lambda value: value),
    "agent": ("application/json", "auth_token", lambda: str(uuid.uuid4()), lambda value: value),
}


def call(style, method, wanted, **arguments):
    """wanted: a predicate on the result, or on the error if the result is null."""
    content_type, key, new_id, spell = STYLES[style]
    call_id = new_id()
    arguments = {name: spell(value) for name, value in arguments.items()}
    body = {"id": call_id, key: TOKEN, "method": method, "args": arguments}
    request = urllib.request.Request(URL, json.dumps(body).encode(), {"content-type": content_type})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    said = answer["error"] if answer["result"] is None else answer["result"]
    fits = answer["id"] == call_id and {"id", "result", "error"} <= answer.keys() and wanted(said)
    print("ok  " if fits else "FAIL", style, method, arguments, "->", answer)
    if not fits:
        failures.append(method)


def message(text):
    return lambda said: isinstance(said, dict) and text in said.get("msg", "")


def refusal(text):
    return lambda said: text in json.dumps(said)


for style in STYLES:
    one, two = style + "-one", style + "-two"
    call(style, "create_user", message("created new user `%s`" % one), username=one, email=one + "@example.com", password="qweqwe123", firstname="One", active=True, admin=False)
    call(style, "create_user", message("created new user `%s`" % two), username=two, email=two + "@example.com")
    call(style, "create_user", refusal("user `%s` already exist" % one), username=one, email="other-" + one + "@example.com")
    call(style, "create_user", refusal("email `%s@example.com` already exist" % one), username=style + "-three", email=one + "@example.com")
    call(style, "create_user", refusal("Missing non optional `email` arg"), username=style + "-four")
    call(style, "get_user", lambda said: said["username"] == one and said["active"] is True, userid=one)
    call(style, "get_user", refusal("does not exist"), userid=style + "-nobody")
    call(style, "get_users", lambda said: {one, two} <= {user["username"] for user in said})
    call(style, "update_user", message("updated user ID:"), userid=one, firstname="Uno", lastname="Zażółć")
    call(style, "get_user", lambda said: (said["firstname"], said["lastname"]) == ("Uno", "Zażółć"), userid=one)
    # Words are no booleans to update_user: fixtures/transcripts/rhodecode/rhodecode-api-cli.json
    wordy = style == "tools"
    call(style, "update_user", refusal("failed to update user") if wordy else message("updated user ID:"), userid=one, active=False)
    call(style, "get_user", lambda said: said["active"] is wordy, userid=one)
    call(style, "get_user_locks", lambda said: said == [], userid=one)
    call(style, "delete_user", message("deleted user ID:"), userid=one)
    call(style, "delete_user", message("deleted user ID:"), userid=two)
    call(style, "delete_user", refusal("does not exist"), userid=two)
sys.exit(1 if failures else 0)
