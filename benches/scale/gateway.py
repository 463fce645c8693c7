"""A running gateway: its requests, its processor time and its memory."""

import http.client
import pathlib
import socket
import subprocess


class Gateway:
    """Serves on a free port of loopback until the block ends."""

    def __init__(self, program, folder, words):
        self.command = [program, "serve", "--listen", "127.0.0.1:0", *words]
        self.folder = folder

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=self.folder, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.address = line.split("http://")[1].split()[0]
                break
        else:
            raise RuntimeError("the gateway did not start")
        self.connection = http.client.HTTPConnection(self.address, timeout=600)
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, headers, body):
        """One request. Answers the body."""
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")
        return text

    def stream(self, method, path, headers, body):
        """One request on a connection of its own. Yields the pieces of the answer as they come."""
        host, port = self.address.split(":")
        head = [f"{method} {path} HTTP/1.1", f"Host: {self.address}", "Connection: close",
                *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(body or '')}"]
        with socket.create_connection((host, int(port)), timeout=600) as connection:
            connection.sendall("\r\n".join([*head, "", body or ""]).encode())
            while piece := connection.recv(1 << 18):
                yield piece

    def cpu(self):
        """The processor time so far, in microseconds."""
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1000

    def memory(self, name):
        """A value of the memory, in MiB: VmRSS or VmHWM."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def reset_peak(self):
        """The peak of the memory is that from now on."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
