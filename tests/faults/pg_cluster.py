# SPDX-License-Identifier: Apache-2.0
"""What can befall a PostgreSQL cluster of a test's own."""
import os
import pathlib
import shutil
import signal
import subprocess

from environment import wait_until


def home(servers):
    return (servers.folder / "postgres" / "postgres").resolve()


def data_folder(servers):
    return home(servers) / "data"


def postmaster(servers):
    return int((data_folder(servers) / "postmaster.pid").read_text().split()[0])


def parent_of(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def crash(servers):
    """All processes of the cluster at once, as when its machine stops. Returns how many."""
    top = postmaster(servers)
    os.kill(top, signal.SIGSTOP)  # or it would clean up after its children, as it does when only one of them dies
    children = [int(p.name) for p in pathlib.Path("/proc").glob("[0-9]*") if parent_of(p) == top]
    for process in [*children, top]:
        os.kill(process, signal.SIGKILL)
    for process in [top, *children]:
        wait_until(lambda p=process: is_gone(p), 10, f"the end of process {process}")
    # The next start takes a dead server that its parent has not reaped yet for a running one.
    for lock in [data_folder(servers) / "postmaster.pid", *home(servers).glob(".s.PGSQL.*.lock")]:
        lock.unlink()
    return 1 + len(children)


def is_gone(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def stop(servers):
    servers.call("postgres_stop", "postgres")


def copy_data(servers, destination):
    """Of a stopped cluster."""
    subprocess.run(["cp", "-a", "--reflink=auto", data_folder(servers), destination], check=True)


def restore_data(servers, source):
    shutil.rmtree(data_folder(servers))
    copy_back = ["cp", "-a", "--reflink=auto", source, data_folder(servers)]
    subprocess.run(copy_back, check=True)
