"""A summary of CSV text.

Event: {"csv": text with a header line, "group_by": name of a column, or left out}
Result: {"rows": n, "groups": {group: {column: {"count", "sum", "mean", "min", "max"}}}}
"""

import csv
import io
import json
import logging
from collections import defaultdict
from decimal import Decimal, InvalidOperation

log = logging.getLogger()
log.setLevel(logging.INFO)


def handler(event, context):
    reader = csv.DictReader(io.StringIO(event["csv"]))
    if not reader.fieldnames:
        raise ValueError("the CSV has no header line")
    by = event.get("group_by")
    if by and by not in reader.fieldnames:
        raise ValueError(f"there is no column {by!r}, only {', '.join(reader.fieldnames)}")
    groups = defaultdict(lambda: defaultdict(list))
    rows = skipped = 0
    for row in reader:
        rows += 1
        for column, text in row.items():
            if column == by or column is None or not text:
                continue
            try:
                value = Decimal(text)
            except InvalidOperation:
                skipped += 1
            else:
                groups[row[by] if by else "all"][column].append(value)
    # A line of JSON: the log page opens it into fields.
    print(json.dumps({"level": "INFO", "message": "summarised", "rows": rows, "groups": len(groups), "texts": skipped}))
    return {"rows": rows, "groups": {name: summary(columns) for name, columns in groups.items()}}


def summary(columns):
    return {
        column: {
            "count": len(values),
            "sum": float(sum(values)),
            "mean": round(float(sum(values) / len(values)), 6),
            "min": float(min(values)),
            "max": float(max(values)),
        }
        for column, values in columns.items()
    }
