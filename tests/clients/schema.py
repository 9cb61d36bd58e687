"""Judges JSON documents by a JSON Schema, with a validator that shares no code with Driftline.

It reads no file. The first line that comes in is the schema, each other one a document; for each document a line goes
out, with what is wrong with it:

    ["'x' is a required property"]
"""

import json
import sys

import jsonschema

schema = json.loads(sys.stdin.readline())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for line in sys.stdin:
    print(json.dumps([error.message for error in validator.iter_errors(json.loads(line))]))
