"""The websocket and the streamed answer that OctoRest reads, through the gateway.

Arguments: the base URL and an API key; and "socket", if there is no streamed answer.
"""
import queue
import sys

import octorest.websocket
import octorest.xhrstreaminggenerator
from octorest import OctoRest

address, key, *only = sys.argv[1:]
PATIENCE = 120


def check(holds, what):
    if not holds:
        sys.exit(what)


def streamed(session):
    """The first message of a streamed answer, whose connection stays open."""
    source = octorest.xhrstreaminggenerator.XHRStreamingGenerator(address + "/", session)
    check(source.info()["websocket"] is True, "the server offers no websocket")
    return next(source.read_loop())


def socket():
    """The first message of the websocket."""
    heard = queue.Queue()
    handler = octorest.websocket.WebSocketEventHandler(
        address, on_message=lambda _, message: heard.put(message)
    )
    handler.run()
    try:
        return heard.get(timeout=PATIENCE)
    finally:
        handler.socket.close()
        handler.thread.join(PATIENCE)


def main():
    client = OctoRest(url=address, apikey=key)
    check("api" in client.version, "no version")
    if only != ["socket"]:
        first = streamed(client.session)
        check("connected" in first, f"the stream says first: {first}")
    first = socket()
    check("connected" in first, f"the socket says first: {first}")


main()
