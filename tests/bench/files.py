# SPDX-License-Identifier: Apache-2.0
"""A topic into files: ksink-file beside cat and zstd, which store nothing exactly once, but whose file is on the disk
too when the clock is stopped. kconsume alone says what there is to reach."""
import os
import shutil
import sys

ROTATED = "--rotate-records 100000"
ALONE = "kconsume | cat >/dev/null"
ZSTD = "kconsume | zstd -3 > f; sync f"


class Files:
    def __init__(self, shell, programs, broker, work):
        self.shell = shell
        self.read = f"{programs}/kconsume -b {broker} -t flights --once"
        self.sink = f"{programs}/ksink-file"
        self.work = work

    def path(self, name):
        return os.path.join(self.work, name)

    def remove(self, name):
        """All of it before the clock starts: to cut a file of 500 MB takes a while."""
        shutil.rmtree(self.path(name), ignore_errors=True)
        for path in (self.path(name), self.path(name + ".kpipe")):
            if os.path.isfile(path):
                os.remove(path)
        os.sync()

    def piped(self, to, output):
        def run():
            self.remove(output)
            return self.shell(f"{self.read} | {to} >{self.path(output)}; sync {self.path(output)}")[0]
        return run

    def stored(self, options, output):
        def run():
            self.remove(output)
            return self.shell(f"{self.read} | {self.sink} {options} {self.path(output)}")[0]
        return run

    def peak_mib(self, peak_mib, options, output):
        self.remove(output)
        return peak_mib(f"{self.sink} -q {options} {self.path(output)} < <({self.read} -q)")

    def bytes_of(self, name):
        path = self.path(name)
        if os.path.isfile(path):
            return os.path.getsize(path)
        return sum(os.path.getsize(os.path.join(folder, file)) for folder, below, files in os.walk(path)
                   for file in files if "/.kpipe" not in folder)

    def check(self, records, names):
        """What is fast and wrong is no result."""
        for name in names:
            path = self.path(name)
            files = path if os.path.isfile(path) else f"$(find {path} -type f -not -path '*/.kpipe/*')"
            lines = int(self.shell(f"cat {files} | {'zstd -dcq' if 'zst' in name else 'cat'} | wc -l")[1])
            if lines != records:
                sys.exit(f"bench: {name} has {lines} lines in place of {records}")


def bench(shell, in_turn, table, peak_mib, programs, broker):
    """The function of compare.py's table."""
    def run(runs, records, work):
        files = Files(shell, programs, broker, work)
        sinks = {"ksink-file f": ("", "sink.ndjson"),
                 "ksink-file --dir": (f"{ROTATED} --dir", "dir"),
                 "ksink-file f.zst": ("", "sink.zst"),
                 "ksink-file f.zst, threads=2": ("--compress zstd:threads=2", "threads.zst"),
                 "ksink-file --dir, zstd": (f"--compress zstd {ROTATED} --dir", "dir-zst")}
        sides = {ALONE: lambda: shell(f"{files.read} | cat >/dev/null")[0],
                 "kconsume | cat > f; sync f": files.piped("cat", "cat.ndjson"),
                 ZSTD: files.piped("zstd -3 -q -c", "cat.zst"),
                 "kconsume | zstd -3 -T2 > f; sync f": files.piped("zstd -3 -T2 -q -c", "cat-t2.zst")}
        sides.update({f"kconsume | {name}": files.stored(*how) for name, how in sinks.items()})
        medians = in_turn(runs, sides)
        outputs = ["cat.ndjson", "cat.zst", "cat-t2.zst", *(output for _, output in sinks.values())]
        files.check(records, outputs)
        table(f"To files; --dir with {ROTATED}", records, medians, ALONE)
        for name, (options, output) in sinks.items():
            beside = f"{medians[ZSTD] / medians['kconsume | ' + name]:.2f} x zstd -3" if "zst" in output else ""
            size = files.bytes_of(output) / files.bytes_of("cat.zst" if "zst" in output else "cat.ndjson")
            peak = files.peak_mib(peak_mib, options, output)
            print(f"  {name:46s} {size:6.3f} of its size   {peak:4.0f} MiB   {beside}")
    return run
