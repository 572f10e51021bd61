"""A list of captures on a Ray cluster: python deploy/ray_batch.py LIST DIR [--workers N] [--cpus N] [-- FLAG...]

Each worker is one `loop3d batch` with its share of the list. LIST and DIR are on storage that all nodes see. Ray starts the share of a
worker that died again; the batch then skips what is finished and goes on with what was begun.
"""

import argparse
import os
import subprocess
import sys

import ray

AGAIN = (75, 130, 143)  # not now; stopped with a checkpoint


class Again(Exception):
    """The same command may succeed later."""


def share(program, listing, folder, index, workers, cpus, flags):
    """Runs one share; its exit code. A batch that a signal ended, or that may succeed later, is run again by Ray."""
    command = [program, "batch", listing, "-o", folder, "--index", f"{index}/{workers}", "--json"]
    if flags:
        command += ["--", *flags]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(cpus)}
    code = subprocess.run(command, env=environment, check=False).returncode
    if code < 0 or code in AGAIN:
        raise Again(f"worker {index} ended with {code}")
    return code


def main():
    parser = argparse.ArgumentParser(description="loop3d batch on Ray")
    parser.add_argument("list")
    parser.add_argument("dir")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--cpus", type=int, default=4, help="cores of each worker")
    parser.add_argument("--program", default="loop3d")
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    args, flags = parser.parse_args(words[:at]), words[at + 1:]
    ray.init()
    listing, folder = os.path.abspath(args.list), os.path.abspath(args.dir)
    task = ray.remote(num_cpus=args.cpus, max_retries=5, retry_exceptions=True)(share)
    shares = [
        task.remote(args.program, listing, folder, index, args.workers, args.cpus, flags)
        for index in range(args.workers)
    ]
    codes = []
    for index, one in enumerate(shares):
        try:
            codes.append(ray.get(one))
        except ray.exceptions.RayError as error:
            print(f"worker {index}: {error}", file=sys.stderr)
            codes.append(1)
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())
