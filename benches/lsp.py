#!/usr/bin/env python3
"""Asks `hetl lsp` over standard input and output, as an editor does, and prints how long the answers take.

    benches/lsp.py HETL PROJECT [--times 50]

PROJECT is a folder with a dbt project and its profiles.yml. Asked are hover and definition at the first `ref` of a model, `--times` each, spread over
the models; then a model is changed without saving, and the time until its problems are published is taken. Milliseconds of wall time.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import time


class Client:
    def __init__(self, hetl, folder):
        self.server = subprocess.Popen([hetl, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.last = 0

    def send(self, **message):
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.server.stdin.flush()

    def receive(self):
        length = 0
        while line := self.server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.server.stdout.read(length))

    def ask(self, method, params):
        """The answer, and the milliseconds that it took."""
        self.last += 1
        begin = time.perf_counter()
        self.send(id=self.last, method=method, params=params)
        while (message := self.receive()).get("id") != self.last:
            pass
        return message.get("result"), (time.perf_counter() - begin) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hetl")
    parser.add_argument("project")
    parser.add_argument("--times", type=int, default=50)
    given = parser.parse_args()
    folder = pathlib.Path(given.project).resolve()
    client = Client(str(pathlib.Path(given.hetl).resolve()), folder)
    _, begun = client.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
    client.send(method="initialized", params={})
    places = []
    for path in sorted(folder.glob("models/**/*.sql")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if found := re.search(r"ref\(['\"](\w)", line):
                places.append((path, {"line": number, "character": found.start(1)}))
                break
    places = places[:: max(1, len(places) // given.times)][: given.times]
    # The first answer waits until the project is read.
    path, position = places[0]
    _, first = client.ask("textDocument/hover", {"textDocument": {"uri": path.as_uri()}, "position": position})
    print(f"initialize {begun:.0f} ms, first answer {first:.0f} ms")
    for method in ("hover", "definition"):
        times = []
        for path, position in places:
            answer, took = client.ask(f"textDocument/{method}", {"textDocument": {"uri": path.as_uri()}, "position": position})
            assert answer, f"{method} at {path}:{position} has no answer"
            times.append(took)
        print(f"{method}: median {statistics.median(times):.1f} ms, at most {max(times):.1f} ms, {len(times)} times")
    waits = []
    for number, (path, _) in enumerate(places[:5]):
        text = path.read_text(encoding="utf-8") + "-- {{ ref('no_such_model') }}\n"
        begin = time.perf_counter()
        client.send(method="textDocument/didOpen", params={"textDocument": {"uri": path.as_uri(), "languageId": "sql", "version": number, "text": text}})
        while True:
            message = client.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                if any(problem.get("code") == "E0501" for problem in message["params"]["diagnostics"]):
                    break
        waits.append((time.perf_counter() - begin) * 1000)
    print(f"from a change to its problems: median {statistics.median(waits):.0f} ms, at most {max(waits):.0f} ms, {len(waits)} times")
    client.ask("shutdown", None)
    client.send(method="exit", params=None)
    client.server.wait(10)


if __name__ == "__main__":
    main()
