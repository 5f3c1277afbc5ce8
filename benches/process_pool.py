"""Python's pool of processes, as `compare` measures pysched's: prints a sample as JSON.

python3 process_pool.py WORK WORKERS WARM_UP TASKS
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from time import perf_counter


def echo(number):
    return number


def round_trip(pool, number):
    assert pool.submit(echo, number).result() == number


def percentile(values, percent):
    """The smallest value that is not below `percent` of all."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1]


def process_round_trip(workers, warm_up, tasks):
    times = []
    with ProcessPoolExecutor(workers) as pool:
        for number in range(warm_up):
            round_trip(pool, number)
        for number in range(tasks):
            begun = perf_counter()
            round_trip(pool, number)
            times.append((perf_counter() - begun) * 1e6)
    return {"p50_us": percentile(times, 50), "p99_us": percentile(times, 99)}


def process_throughput(workers, warm_up, tasks):
    def run(tasks):
        futures = [pool.submit(echo, number) for number in range(tasks)]
        assert all(future.result() == number for number, future in enumerate(futures))

    with ProcessPoolExecutor(workers) as pool:
        run(warm_up)
        begun = perf_counter()
        run(tasks)
        return {"rate": tasks / (perf_counter() - begun)}


def process_cold_start(workers, warm_up, tasks):
    times = []
    for number in range(warm_up + tasks):
        begun = perf_counter()
        pool = ProcessPoolExecutor(workers)
        round_trip(pool, number)
        times.append((perf_counter() - begun) * 1e3)
        pool.shutdown()
    return {"p50_ms": percentile(times[warm_up:], 50)}


WORKS = {
    work.__name__: work for work in (process_round_trip, process_throughput, process_cold_start)
}

if __name__ == "__main__":
    work, *sizes = sys.argv[1:]
    print(json.dumps(WORKS[work](*map(int, sizes))))
