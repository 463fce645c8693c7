"""Every user procedure through the Python client `kanboard` (PyPI): kanboard.py URL APPLICATION ADMIN PASSWORD.

APPLICATION is `jsonrpc:TOKEN`."""

import sys

import kanboard

URL, APPLICATION, ADMIN, PASSWORD = sys.argv[1:5]
TOKEN = APPLICATION.removeprefix("jsonrpc:")
ENDPOINT = URL.rstrip("/") + "/jsonrpc.php"
failures = []


def client(user=None, password=None):
    return kanboard.Client(ENDPOINT, user or "jsonrpc", password or TOKEN)


def expect(what, call, wanted):
    """wanted: a value of the same type, a predicate, or the text of a refusal."""
    try:
        got = call()
    except kanboard.ClientError as refusal:
        got, fits = refusal, isinstance(wanted, str) and wanted in str(refusal)
    else:
        fits = wanted(got) if callable(wanted) else type(got) is type(wanted) and got == wanted
    print("ok  " if fits else "FAIL", what, "->", got)
    if not fits:
        failures.append(what)
    return got


def row(**wanted):
    return lambda got: isinstance(got, dict) and all(got.get(key) == value for key, value in wanted.items())


def number(got):
    return type(got) is int and got > 0


app = client()
expect("createUser", lambda: app.create_user(username="ada", password="secret1", name="Ada Ü", email="ada@example.org"), number)
ada = app.get_user_by_name(username="ada")["id"]
expect("createUser of a taken name", lambda: app.create_user(username="ada", password="secret1"), False)
expect("createUser with a short password", lambda: app.create_user(username="bob", password="12345"), False)
expect("createUser without a password", lambda: app.create_user(username="bob"), "Invalid params")
expect("createLdapUser without a directory", lambda: app.create_ldap_user(username="bob"), "LDAP server not configured")
expect("getUser", lambda: app.get_user(user_id=ada), row(id=ada, username="ada", name="Ada Ü", role="app-user", is_active=1))
expect("getUser of nobody", lambda: app.get_user(user_id=999999), None)
expect("getUserByName of nobody", lambda: app.get_user_by_name(username="nobody"), None)
expect("getAllUsers", lambda: app.get_all_users(), lambda got: [user["username"] for user in got] == sorted([ADMIN, "ada"]))
expect("updateUser", lambda: app.update_user(id=ada, name="Ada", role="app-manager"), True)
expect("getUser, changed", lambda: app.get_user(user_id=ada), row(name="Ada", role="app-manager", email="ada@example.org"))
expect("updateUser to a wrong address", lambda: app.update_user(id=ada, email="nope"), False)
expect("isActiveUser", lambda: app.is_active_user(user_id=ada), True)
expect("disableUser", lambda: app.disable_user(user_id=ada), True)
expect("isActiveUser, disabled", lambda: app.is_active_user(user_id=ada), False)
expect("getMe, disabled", lambda: client("ada", "secret1").get_me(), "401")
expect("enableUser", lambda: app.enable_user(user_id=ada), True)
expect("getMe", lambda: client("ada", "secret1").get_me(), row(id=ada, username="ada"))
expect("getAllUsers by an ordinary person", lambda: client("ada", "secret1").get_all_users(), "403")
expect("getMe by the application", lambda: app.get_me(), "403")
expect("getUser by the administrator", lambda: client(ADMIN, PASSWORD).get_user(user_id=ada), row(id=ada))
expect("a wrong token", lambda: client("jsonrpc", "wrong").get_version(), "401")
expect("an unknown method", lambda: app.no_such_method(), "Method not found")
team = expect("createGroup", lambda: app.create_group(name="team"), number)
expect("addGroupMember", lambda: app.add_group_member(group_id=team, user_id=ada), True)
expect("isGroupMember", lambda: app.is_group_member(group_id=team, user_id=ada), True)
expect("getMemberGroups", lambda: app.get_member_groups(user_id=ada), lambda got: [group["name"] for group in got] == ["team"])
expect("removeGroup", lambda: app.remove_group(group_id=team), True)
expect("removeUser", lambda: app.remove_user(user_id=ada), True)
expect("removeUser again", lambda: app.remove_user(user_id=ada), False)
expect("getUser, removed", lambda: app.get_user(user_id=ada), None)
sys.exit(1 if failures else 0)
