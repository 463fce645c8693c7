"""The user calls as Dandelion's own clients make them with jQuery: dandelion.py URL KEY.

Forms with blanks as `+` and true/false as words; an answer counts when HTTP is below 400 and
`errorcode` is 0.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

URL, KEY = sys.argv[1].rstrip("/") + "/api/", sys.argv[2]
HEADERS = {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json, text/javascript, */*; q=0.01"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
failures = []


def spell(value):
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


def call(verb, path, wanted, code=0, status=200, **fields):
    fields = urllib.parse.urlencode({"apikey": KEY, **{name: spell(value) for name, value in fields.items()}})
    if verb == "GET":
        request = urllib.request.Request(URL + path + "?" + fields, headers=HEADERS)
    else:
        request = urllib.request.Request(URL + path, fields.encode(), {**HEADERS, **FORM})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            got, answer = response.status, json.load(response)
    except urllib.error.HTTPError as error:
        got, answer = error.code, json.loads(error.read() or b"{}")
    fits = got == status and (got >= 400 or answer.get("errorcode") == code) and wanted(answer.get("data"))
    print("ok  " if fits else "FAIL", verb, path, fields.replace(KEY, "KEY"), "->", got, answer)
    if not fits:
        failures.append(path)
    return answer.get("data")


def says(text):
    return lambda data: data == text


def anything(_data):
    return True


call("GET", "key/test", lambda data: data is True)
call("GET", "users/getuser", lambda data: data[0]["fullname"])
groups = call("GET", "groups/getlist", lambda data: {"user", "admin", "guest"} <= {group["name"] for group in data})
group = {one["name"]: one["id"] for one in groups}
call("POST", "users/create", says("User created successfully"), username="ada", password="pass word+1", fullname="Ada Ünï", role=group["user"], force_reset=True)
users = call("GET", "users/getusers", lambda data: data[-1]["username"] == "ada")
ada = users[-1]["id"]


def is_now(**wanted):
    return lambda data: data["id"] == ada and all(data[key] == value for key, value in wanted.items())


call("GET", "users/getuser", is_now(username="ada", fullname="Ada Ünï", initial_login="1", disabled="0"), uid=ada)
call("POST", "users/create", anything, status=500, username="ADA", password="x", fullname="Again", role=group["user"])
call("POST", "users/edit", says("User saved successfully"), uid=ada, fullname="Ada Two", role=group["guest"])
call("GET", "users/getuser", is_now(fullname="Ada Two", group_id=group["guest"]), uid=ada)
call("POST", "users/resetpassword", says("Password changed successfully"), uid=ada, pw="another pass", force_reset=False)
call("POST", "users/disable", says("User disabled"), uid=ada)
call("GET", "users/getuser", is_now(disabled="1", initial_login="0"), uid=ada)
call("POST", "users/enable", says("User enabled"), uid=ada)
call("GET", "users/getuser", is_now(disabled="0"), uid=ada)
call("POST", "users/edit", anything, status=400, fullname="nobody")
call("POST", "users/delete", says("Can't delete yourself"), code=5, uid="1")
call("POST", "users/delete", says("User deleted successfully"), uid=ada)
call("GET", "users/getuser", says("Completed"), uid=ada)
call("POST", "users/delete", says("Error deleting user"), code=5, uid=ada)
sys.exit(1 if failures else 0)
