"""A webhook of a film, verified by the library of the standard alone; prints its steps as JSON."""

import http.server
import json
import os
import threading
import urllib.request

from standardwebhooks import Webhook, WebhookVerificationError

steps, letters, came = {}, [], threading.Event()


class Box(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        letters.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"])).decode()))
        self.send_response(204)
        self.end_headers()
        came.set()

    def log_message(self, *_):
        pass


def step(name):
    def run(call):
        try:
            call()
            steps[name] = "ok"
        except Exception as error:
            steps[name] = f"{type(error).__name__}: {str(error)[:200]}"
        return call

    return run


box = http.server.HTTPServer(("127.0.0.1", 0), Box)
threading.Thread(target=box.serve_forever, daemon=True).start()
made = {}


@step("a film with a callback")
def _():
    body = {"prompt": "a ball", "size": "96x64", "callback_url": f"http://127.0.0.1:{box.server_port}/"}
    address = os.environ["OPENAI_BASE_URL"] + "/videos"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    made.update(json.load(urllib.request.urlopen(request)))
    assert made["callback_secret"].startswith("whsec_")


@step("verified")
def _():
    assert came.wait(float(os.environ.get("OZORA_PATIENCE", "120")))
    told = Webhook(made["callback_secret"]).verify(letters[0][1], letters[0][0])
    assert told["type"] == "video.completed" and told["data"]["id"] == made["id"]


@step("tampering is noticed")
def _():
    headers, body = letters[0]
    try:
        Webhook(made["callback_secret"]).verify(body.replace("completed", "failed"), headers)
    except WebhookVerificationError:
        return
    raise AssertionError("a changed letter was taken for a true one")


print(json.dumps(steps))
