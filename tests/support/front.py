# SPDX-License-Identifier: Apache-2.0
"""A front of a schema registry: it may want a login, speak TLS, fail on demand, and it counts what it was asked.

usage: front.py PORTSFILE URL [--user USER:PASSWORD] [--token TOKEN] [--cert PEM --key PEM [--client-ca PEM]] [--sigv4 REGION]
--user, --token  what Authorization must be (HTTP basic, bearer), else 401
--client-ca      demands a certificate that this authority has signed
--sigv4          demands AWS's signature for Glue by the key of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (botocore checks it)

PORTSFILE gets two lines: the front's own address with the path of URL, and where it is told what to do:
GET /hits        what was asked, one a line: STATUS METHOD PATH (the action and the body for Glue)
POST /forget     an empty list from now on
POST /fault      {"status": 503, "count": 2, "delay": 0.0, "body": "...", "headers": {...}, "path": "part of it"}: the next
                 requests are answered so; without status they are only late
POST /down /up   connections are refused; they are taken again"""
import argparse
import base64
import datetime
import http.client
import http.server
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse

arguments = argparse.ArgumentParser()
arguments.add_argument("ports")
arguments.add_argument("url")
for name in ("user", "token", "cert", "key", "client-ca", "sigv4"):
    arguments.add_argument("--" + name)
options = arguments.parse_args()
target = urllib.parse.urlsplit(options.url)
lock = threading.Lock()
hits = []
fault = {}


def expected_login():
    if options.user:
        return "Basic " + base64.b64encode(options.user.encode()).decode()
    return "Bearer " + options.token if options.token else None


def is_signed(handler, body):
    """Whether AWS's own code makes the same signature of this request."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    said = handler.headers["Authorization"] or ""
    if "SignedHeaders=" not in said or not handler.headers["X-Amz-Date"]:
        return False
    moment = datetime.datetime.strptime(handler.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()) > 300:
        return False
    signer = SigV4Auth(Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]), "glue", options.sigv4)
    names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: handler.headers[name] for name in names if handler.headers[name] is not None}
    request = AWSRequest(handler.command, f"http://{handler.headers['Host']}{handler.path}", headers, body)
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return ({"host", "x-amz-date", "x-amz-target"} <= set(names)
            and said.endswith("Signature=" + signer.signature(text, request))
            and f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/" in said)


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Front(Quiet):
    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass

    def serve(self):
        body = self.body()
        action = self.headers["X-Amz-Target"]
        what = f"{action} {body.decode()}" if action else self.path
        with lock:
            injected = dict(fault) if fault.get("count", 0) > 0 and fault.get("path", "") in what else None
            if injected:
                fault["count"] -= 1
        status, answer, headers = self.injected(injected, body) if injected else self.allowed(body)
        with lock:
            hits.append(f"{status} {self.command} {what}")
        self.answer(status, answer, headers)

    def injected(self, injected, body):
        time.sleep(injected.get("delay", 0))
        if "status" not in injected:
            return self.allowed(body)
        return injected["status"], injected.get("body", '{"error_code":50001,"message":"injected"}').encode(), injected.get("headers", {})

    def allowed(self, body):
        login = expected_login()
        if login and self.headers["Authorization"] != login:
            return 401, b'{"error_code":401,"message":"Unauthorized"}', {"WWW-Authenticate": "Basic"}
        if options.sigv4 and not is_signed(self, body):
            return 400, b'{"__type":"InvalidSignatureException","message":"The request signature does not match"}', {}
        # The server behind may be another one by now, so no connection is kept.
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        try:
            passed = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept", "x-amz-target", "authorization")}
            connection.request(self.command, self.path, body or None, passed)
            response = connection.getresponse()
            return response.status, response.read(), {"Content-Type": response.headers.get("Content-Type", "application/json")}
        except OSError as error:
            return 502, json.dumps({"error_code": 502, "message": str(error)}).encode(), {}
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        super().server_bind()

    def handle_error(self, request, client_address):
        pass  # a client that hung up, or refused our certificate

    def get_request(self):
        connection, address = super().get_request()
        with lock:
            connections.append(connection)
        return connection, address

    @staticmethod
    def linger(request):
        """Closing while a request of the client is unread resets the connection, and our alert with it."""
        request.settimeout(5)
        request.shutdown(socket.SHUT_WR)  # plain from here on
        while request.recv(65536):
            pass

    def finish_request(self, request, client_address):
        if options.cert:
            request = tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            with lock:
                connections.append(request)
            try:
                request.do_handshake()
            except ssl.SSLError:
                self.linger(request)
                raise
        super().finish_request(request, client_address)


class Control(Quiet):
    def do_GET(self):
        with lock:
            lines = "".join(line + "\n" for line in hits)
        self.answer(200, lines.encode())

    def do_POST(self):
        global front
        body = self.body()
        with lock:
            if self.path == "/forget":
                hits.clear()
            elif self.path == "/fault":
                fault.clear()
                fault.update(json.loads(body))
        if self.path == "/down":
            front.shutdown()
            front.server_close()
            with lock:
                for connection in connections:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                connections.clear()
        elif self.path == "/up":
            front = opened(port)
        self.answer(200, b"")


def opened(at):
    server = Server(("127.0.0.1", at), Front)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


connections = []
tls = None
if options.cert:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options.cert, options.key)
    if options.client_ca:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(options.client_ca)
# Bound and never listening: the port stays ours while the front is down.
reserve = socket.socket()
reserve.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
reserve.bind(("127.0.0.1", 0))
port = reserve.getsockname()[1]
front = opened(port)
control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
with open(options.ports + ".new", "w", encoding="ascii") as file:
    # Certificates of tests are for localhost.
    print(f"{'https://localhost' if tls else 'http://127.0.0.1'}:{port}{target.path}", file=file)
    print(f"http://127.0.0.1:{control.server_port}", file=file)
os.replace(options.ports + ".new", options.ports)
control.serve_forever()
