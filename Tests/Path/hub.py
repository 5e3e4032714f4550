"""A stand-in of a Hugging Face hub on 127.0.0.1: lists folders as repositories and serves their files.

By hand:  python hub.py FOLDER [PORT]   serves every FOLDER/NAME as org/NAME; set $HF_ENDPOINT to the address it prints.
"""

import hashlib
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Repository:
    """Files by name, and what goes wrong with them."""

    files: dict[str, bytes]
    commit: str = COMMIT
    # Bytes after which the connection breaks, for each coming request of a file; None: it holds.
    cuts: dict[str, list[int | None]] = field(default_factory=dict)
    # What is really sent in place of a file, as long as there is one in the list.
    forged: dict[str, list[bytes]] = field(default_factory=dict)
    # Merged into the entry of a file in the listing.
    claims: dict[str, dict] = field(default_factory=dict)
    token: str | None = None
    # Seconds between the pieces of 1 kB of a file.
    pace: float = 0
    knows_ranges: bool = True
    # Answers of the listing before the true one.
    answers: list[int] = field(default_factory=list)

    @staticmethod
    def of(folder: Path, **options) -> "Repository":
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
        return Repository(files, **options)

    def listing(self) -> dict:
        return {"id": "x", "sha": self.commit, "siblings": [self._entry(name) for name in self.files]}

    def _entry(self, name: str) -> dict:
        data = self.files[name]
        entry = {"rfilename": name, "size": len(data), "blobId": blob(data)}
        if name.endswith(".safetensors"):
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 135}
        return entry | self.claims.get(name, {})


def blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """Serves repositories by name; files come from a second address, as from a CDN."""

    def __init__(self, repositories: dict[str, Repository], port: int = 0):
        self.repositories = repositories
        self.requests: list[dict] = []  # path, host, range and authorization of each
        self._servers = [self._serve(port), self._serve(0)]
        self.address, self.cdn = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fetched(self, name: str) -> list[str | None]:
        """The ranges in which a file was asked for."""
        files = [(one["path"].split("/", 4), one["range"]) for one in self.requests if one["path"].startswith("/cdn/")]
        return [asked for path, asked in files if path[4] == name]

    def _serve(self, port: int) -> ThreadingHTTPServer:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub._answer(self)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def _answer(self, request):
        headers = {name: request.headers.get(name) for name in ("Host", "Range", "Authorization")}
        self.requests.append({"path": request.path} | {name.lower(): value for name, value in headers.items()})
        parts = [unquote(part) for part in urlsplit(request.path).path.split("/")[1:]]
        if parts[:2] == ["api", "models"]:
            self._list(request, "/".join(parts[2:4]), parts[5])
        elif parts[0] == "cdn":
            self._send_file(request, self.repositories["/".join(parts[1:3])], "/".join(parts[3:]))
        elif parts[2] == "resolve" and self._is_open(request, "/".join(parts[:2]), parts[3]):
            self._reply(request, 302, headers={"Location": f"{self.cdn}/cdn/{'/'.join(parts[:2] + parts[4:])}"})

    def _is_open(self, request, name: str, revision: str) -> bool:
        repository = self.repositories.get(name)
        status = 200
        if repository is None or revision not in ("main", "old/one", repository.commit):
            status = 404
        elif repository.token and request.headers.get("Authorization") != f"Bearer {repository.token}":
            status = 403 if request.headers.get("Authorization") else 401
        if status != 200:
            self._reply(request, status, b"no")
        return status == 200

    def _list(self, request, name: str, revision: str):
        if not self._is_open(request, name, revision):
            return
        repository = self.repositories[name]
        if repository.answers:
            return self._reply(request, repository.answers.pop(0), b"later")
        self._reply(request, 200, json.dumps(repository.listing()).encode())

    def _send_file(self, request, repository: Repository, name: str):
        forged = repository.forged.get(name)
        data = forged.pop(0) if forged else repository.files[name]
        asked = request.headers.get("Range") if repository.knows_ranges else None
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if start >= len(data) > 0 and asked:
            return self._reply(request, 416)
        body = data[start:]
        request.send_response(206 if asked else 200)
        request.send_header("Content-Length", str(len(body)))
        if asked:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        cuts = repository.cuts.get(name)
        cut = cuts.pop(0) if cuts else None
        self._write(request, body[:cut] if cut is not None else body, repository.pace)
        if cut is not None:
            request.close_connection = True

    @staticmethod
    def _write(request, body: bytes, pace: float):
        try:
            if not pace:
                request.wfile.write(body)
            for start in range(0, len(body), 1024) if pace else ():
                request.wfile.write(body[start : start + 1024])
                time.sleep(pace)
        except ConnectionError:
            request.close_connection = True

    @staticmethod
    def _reply(request, status: int, body: bytes = b"", headers: dict | None = None):
        request.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)


def main(folder: str, port: str = "0"):
    names = [path for path in sorted(Path(folder).iterdir()) if path.is_dir()]
    hub = Hub({f"org/{path.name}": Repository.of(path) for path in names}, int(port))
    print(hub.address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
