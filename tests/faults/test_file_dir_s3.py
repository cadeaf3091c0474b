# SPDX-License-Identifier: Apache-2.0
"""ksink-file --on-publish: complete files reach an object store, whatever is killed on the way."""
import pathlib
import shlex
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest

from environment import TOP, times, wait_until
from file_feed import Feed, published_in, record_lines, run_sink, stored_in

RECORDS = 3000
KILLS = times(4)


@pytest.fixture
def endpoint(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with open(tmp_path / "moto.log", "wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)

    def answers():
        try:
            with urllib.request.urlopen(url + "/moto-api/", timeout=5):
                return True
        except OSError:
            return False
    try:
        wait_until(answers, 60, "moto", every=0.1)
        yield url
    finally:
        server.kill()
        server.wait(10)


def test_complete_files_reach_a_bucket(endpoint, tmp_path, rng):
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="test")
    client.create_bucket(Bucket="lake")
    folder = tmp_path / "out"
    upload = shlex.join([sys.executable, str(TOP / "tests" / "support" / "s3_put.py"), endpoint, "lake", str(folder), "{}"])
    options = ["--compress", "gzip", "--rotate-records", "150", "--batch-size", "100", "--on-publish", upload]
    lines = record_lines(RECORDS, rng)
    hits = 0
    for _ in range(KILLS):
        before = stored_in(folder)
        begin = sum(before.values())
        feed = Feed(tmp_path, folder, *options)
        try:
            feed.feed([line for i, line in enumerate(lines) if i // 2 >= before.get(i % 2, 0)], pace=lambda: time.sleep(0.01))
            wanted = begin + rng.randint(300, 600)
            wait_until(lambda: sum(stored_in(folder).values()) >= wanted, 30, "progress", every=0.02)  # pylint: disable=cell-var-from-loop
            feed.kill()
            hits += feed.wait() == -9
        finally:
            feed.close()
    done = run_sink(folder, lines, *options)
    assert done.returncode == 0, done.stderr
    files = {path.relative_to(folder) for path in folder.rglob("*.gz")}
    objects = {o["Key"]: client.get_object(Bucket="lake", Key=o["Key"])["Body"].read()
               for o in client.list_objects_v2(Bucket="lake")["Contents"]}
    assert set(objects) == {str(path) for path in files}
    for name, content in objects.items():
        assert (folder / name).read_bytes() == content
    stored = b"".join(subprocess.run(["gzip", "-dc"], input=content, stdout=subprocess.PIPE, check=True).stdout
                      for content in objects.values())
    assert sorted(stored.splitlines(keepends=True)) == sorted(lines)
    print(f"{hits} kills, {len(objects)} objects")
    assert hits == KILLS and len(objects) >= 20
    assert published_in(folder)


def test_the_command_of_the_manual(endpoint, tmp_path, rng, monkeypatch):
    """`aws s3 cp {} s3://...` itself. It fails as long as there is no bucket; the files wait for it."""
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                        "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "out"
    lines = record_lines(400, rng)
    aws = pathlib.Path(sys.executable).with_name("aws")
    options = ["--compress", "zstd", "--template", "{topic}-{partition}-{start}-{end}.ndjson.zst", "--rotate-records", "100",
               "--on-publish", shlex.join([str(aws), "s3", "cp", "--only-show-errors", "{}", "s3://lake/orders/"])]
    refused = run_sink(folder, lines, *options)
    assert refused.returncode == 75, refused.stderr
    assert b"NoSuchBucket" in refused.stderr and b"4 files have their names" in refused.stderr, refused.stderr
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="lake")
    done = run_sink(folder, [], *options)
    assert done.returncode == 0, done.stderr
    objects = {o["Key"]: client.get_object(Bucket="lake", Key=o["Key"])["Body"].read()
               for o in client.list_objects_v2(Bucket="lake")["Contents"]}
    assert objects == {f"orders/{path.name}": path.read_bytes() for path in folder.glob("*.zst")}
    assert len(objects) == 4
