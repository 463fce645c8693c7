"""A program that asks its user for a key, through a public client library.

Arguments: the library, the base URL, a user name, and what the user decides: "allow" or "deny".
"""
import asyncio
import json
import sys
import urllib.parse
import urllib.request

library, address, user, decision = sys.argv[1:]
PATIENCE = 120


def check(holds, what):
    if not holds:
        sys.exit(what)


async def by_pyoctoprintapi():
    """The key and the server's version; no key if the user denies."""
    import aiohttp
    from pyoctoprintapi import ApiError, OctoprintClient

    url = urllib.parse.urlsplit(address)
    async with aiohttp.ClientSession() as session:
        client = OctoprintClient(url.hostname, session, url.port, False, url.path)
        try:
            key = await client.request_app_key("a program", user, PATIENCE)
        except ApiError:
            return None
        client.set_api_key(key)
        check((await client.get_server_info()).version, "no version")
        return key


def by_octorest():
    """The key; no key if the user denies."""
    from octorest import OctoRest, WorkflowAppKeyRequestResult

    result, key = OctoRest(url=address).try_get_api_key("a program", user, PATIENCE)
    if result == WorkflowAppKeyRequestResult.NOPE:
        return None
    check(result == WorkflowAppKeyRequestResult.GRANTED, f"no decision: {result}")
    check(OctoRest(url=address, apikey=key).version["api"], "no version")
    return key


def owner(key):
    request = urllib.request.Request(address + "/api/currentuser", headers={"X-Api-Key": key})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)["name"]


def main():
    key = asyncio.run(by_pyoctoprintapi()) if library == "pyoctoprintapi" else by_octorest()
    if decision == "deny":
        check(key is None, "the user denied, and the program has a key")
    else:
        check(key is not None, "the user allowed, and the program has no key")
        check(owner(key) == user, f"the key is not {user}'s")


main()
