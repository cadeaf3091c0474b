# SPDX-License-Identifier: Apache-2.0
"""The places where Amazon gives out credentials, as far as kpipe asks them: instance metadata (IMDSv2), a container's
endpoint, STS. usage: metadata_server.py PORTFILE ACCESS_KEY:SECRET_KEY:SESSION_TOKEN LIFE_SECONDS

Writes its port to PORTFILE. Its credentials live LIFE_SECONDS from each request on. It demands what the real ones do: the
session token of IMDSv2, the container's authorization "Bearer pod", a signature for AssumeRole (in form, not checked), a
web identity token "web-identity". GET /seen tells the requests: METHOD PATH or the action of STS, one a line."""
import datetime
import http.server
import json
import re
import sys
import urllib.parse

port_file, keys, life = sys.argv[1], sys.argv[2].split(":"), int(sys.argv[3])
seen = []


def expiration():
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def credentials(self, token_name):
        return json.dumps({"Code": "Success", "AccessKeyId": keys[0], "SecretAccessKey": keys[1], token_name: keys[2],
                           "Expiration": expiration()})

    def do_PUT(self):
        seen.append(f"PUT {self.path}")
        if self.path != "/latest/api/token" or not self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            return self.answer(400, "")
        return self.answer(200, "imds-session")

    def do_GET(self):
        if self.path == "/seen":
            return self.answer(200, "".join(line + "\n" for line in seen))
        seen.append(f"GET {self.path}")
        if self.path == "/pod":
            allowed = self.headers["Authorization"] == "Bearer pod"
            return self.answer(200, self.credentials("Token")) if allowed else self.answer(401, '{"message":"who are you"}')
        if self.headers["X-aws-ec2-metadata-token"] != "imds-session":
            return self.answer(401, "")
        if self.path == "/latest/meta-data/iam/security-credentials/":
            return self.answer(200, "kpipe-role")
        if self.path == "/latest/meta-data/iam/security-credentials/kpipe-role":
            return self.answer(200, self.credentials("Token"))
        return self.answer(404, "")

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        action = form.get("Action", "")
        seen.append(f"{action} {form.get('RoleArn')} {form.get('RoleSessionName')} {form.get('ExternalId', '')}".rstrip())
        signed = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=SOURCE/\d{8}/eu-west-1/sts/aws4_request, "
                              r"SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}",
                              self.headers["Authorization"] or "")
        if not (signed if action == "AssumeRole" else form.get("WebIdentityToken") == "web-identity"):
            return self.answer(403, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                                    "<Message>not allowed</Message></Error></ErrorResponse>")
        return self.answer(200, f"<{action}Response><{action}Result><Credentials><AccessKeyId>{keys[0]}</AccessKeyId>"
                                f"<SecretAccessKey>{keys[1]}</SecretAccessKey><SessionToken>{keys[2]}</SessionToken>"
                                f"<Expiration>{expiration()}</Expiration></Credentials></{action}Result></{action}Response>")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file, "w", encoding="ascii") as file:
    print(server.server_port, file=file)
server.serve_forever()
