# SPDX-License-Identifier: LGPL-2.1-or-later
"""A catalog, and mirrors of it that misbehave on demand."""
import glob
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading

from processes import BUILD, SOURCE, environment



class Catalog:
    """That of the demo; the maker's tool may go on with it. Made once and copied."""

    made = tempfile.TemporaryDirectory(prefix="discfw-", dir="/tmp")

    def __init__(self, folder, recipe):
        self.folder = folder
        kept = f"{self.made.name}/{sorted(recipe.items())}"
        if not os.path.isdir(kept):
            self.make(kept, recipe)
        shutil.copytree(kept, folder)
        self.root = folder + "/root.json"
        self.published = folder + "/published"

    @staticmethod
    def make(folder, recipe):
        changed = [word for key, value in recipe.items()
                   for word in ("--set", f"{key.replace('_', '-')}={value}")]
        made = subprocess.run([SOURCE + "/tests/demo-catalog.sh", folder, *changed], env=dict(environment(), DISCFW_BUILDDIR=BUILD),
                              capture_output=True, timeout=60, check=False)
        assert made.returncode == 0, made

    def maker(self, *arguments):
        made = subprocess.run([BUILD + "/discfw-catalog", "-C", self.folder + "/work",
                               "--passphrase-file", self.folder + "/passphrase", *arguments],
                              env=environment(), capture_output=True, timeout=60, check=False)
        assert made.returncode == 0, made

    def image(self, folder, version):
        """The file of this version, as FOLDER publishes it."""
        found = glob.glob(f"{folder}/targets/drive/*/*.{version}.bin")
        assert len(found) == 1, found
        return found[0]


class Mirror:
    """An HTTP server over a folder, that misbehaves with paths that contain the given words."""

    def __init__(self, folder):
        mirror = self
        self.folder = folder
        self.cut = {}    # word: bytes of the body that come, then the connection ends
        self.hang = {}   # word: bytes of the body that come, then nothing more
        self.slow = {}   # word: bytes in a second
        self.status = {}  # word: status of the answer
        self.requests = []  # (path, Range or None)
        self.let_go = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                mirror.answer(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def for_path(table, path):
        return next((value for word, value in table.items() if word in path), None)

    def answer(self, handler):
        wanted = handler.headers.get("Range")
        self.requests.append((handler.path, wanted))
        status = self.for_path(self.status, handler.path)
        try:
            with open(self.folder + handler.path, "rb") as f:
                body = f.read()
        except OSError:
            status = status or 404
        if status:
            handler.send_response(status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        whole = len(body)
        start = int(re.fullmatch(r"bytes=(\d+)-.*", wanted)[1]) if wanted else 0
        handler.send_response(206 if wanted else 200)
        handler.send_header("ETag", f'"{whole}"')
        handler.send_header("Content-Length", str(whole - start))
        if wanted:
            handler.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        handler.end_headers()
        self.send(handler, body[start:])

    def send(self, handler, body):
        cut = self.for_path(self.cut, handler.path)
        hang = self.for_path(self.hang, handler.path)
        slow = self.for_path(self.slow, handler.path)
        n = next((n for n in (cut, hang) if n is not None), len(body))
        piece = slow // 20 if slow else n
        try:
            for start in range(0, n, piece):
                handler.wfile.write(body[start:min(n, start + piece)])
                self.let_go.wait(0.05 if slow else 0)
        except OSError:
            pass
        if hang is not None:
            self.let_go.wait(60)
        if n < len(body):
            handler.close_connection = True

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
