"""A site to work on, a server that works, and what every suite here does with them."""

import json
import os
import subprocess
import threading
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SERVER = Path(__file__).parent.parent / "target" / "release" / "taskwright-server"

FORM = """<title>Order</title><h1>Order form</h1><form method=post enctype=multipart/form-data>
<label>City <input name=city></label> <label>Pin <input name=pin type=password></label>
<label>Attachment <input type=file name=attachment></label> <button>Send</button></form>
<p id=cookie>{cookie}</p><a href=/report.csv>Report</a>"""


class Pages(BaseHTTPRequestHandler):
    """A heading on every path, a form that says what it was sent, a file to download."""

    def log_message(self, *_):
        pass

    def answer(self, text, kind="text/html; charset=utf-8", **headers):
        body = text.encode()
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/report.csv":
            disposition = {"Content-Disposition": 'attachment; filename="report.csv"'}
            self.answer("a,b\n1,2\n", "text/csv", **disposition)
        elif self.path == "/order":
            self.answer(FORM.format(cookie=self.headers.get("Cookie", "none")))
        else:
            self.answer(f"<title>Page</title><h1>Page {self.path}</h1>")

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(f"<title>Sent</title><h1>Sent</h1><pre id=sent>{sent}</pre>")


class Suite(unittest.TestCase):
    """Has a server and a site for all of its tests."""

    @classmethod
    def setUpClass(cls):
        pages = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        cls.addClassCleanup(pages.server_close)
        cls.addClassCleanup(pages.shutdown)
        cls.site = f"http://127.0.0.1:{pages.server_address[1]}"
        command = [os.environ.get("TASKWRIGHT_SERVER", SERVER), "--port", "0", "--ephemeral", "--log", "warn"]
        cls.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.server.stdout.close)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        cls.base = cls.server.stdout.readline().split()[-1]

    def agent(self, prompt, path):
        """Makes an agent by the server's own route and says its id."""
        body = {"name": self.id()[-60:] + str(os.urandom(4).hex()), "prompt": prompt, "startUrl": self.site + path}
        request = urllib.request.Request(
            self.base + "/agents/v2/agents", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]


def fetch(url):
    """The bytes at an address that needs no key."""
    with urllib.request.urlopen(url) as answer:
        return answer.read()
