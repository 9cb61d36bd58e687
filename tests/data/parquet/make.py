"""Writes the Parquet files of this folder with pyarrow (26.0.1 was used), for the profiler's tests.

    python3 -m venv venv && venv/bin/pip install pyarrow && venv/bin/python make.py
"""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

N = 200

columns = {
    "float": pa.array([n * n / 8 for n in range(N)], pa.float64()),
    "single": pa.array([n / 4 for n in range(N)], pa.float32()),
    "small": pa.array([n % 5 - 2 for n in range(N)], pa.int8()),
    "large": pa.array([n * 10**12 if n % 10 else None for n in range(N)], pa.int64()),
    "unsigned": pa.array([n % 3 + 2**31 for n in range(N)], pa.uint32()),
    "nan": pa.array([float("nan") if n % 4 == 0 else n + 0.5 for n in range(N)], pa.float64()),
    "decimal": pa.array([decimal.Decimal(n % 7) / 10 for n in range(N)], pa.decimal128(10, 2)),
    "flag": pa.array([n % 4 == 0 for n in range(N)], pa.bool_()),
    "city": pa.array(["Omaha" if n % 3 else "Bellevue" for n in range(N)], pa.string()),
    "vector": pa.array([[3.0 * n, 4.0 * n] for n in range(N)], pa.list_(pa.float64())),
    "when": pa.array([datetime.date(2026, 1, 1)] * N, pa.date32()),
    "rain": pa.array([n % 2 for n in range(N)], pa.int64()),
}
table = pa.table(columns)
for codec in ["none", "snappy", "gzip", "lz4", "zstd"]:
    # Row groups that do not divide the rows, dictionaries for some columns only.
    pq.write_table(table, f"{codec}.parquet", compression=codec, row_group_size=70, use_dictionary=["city"])
