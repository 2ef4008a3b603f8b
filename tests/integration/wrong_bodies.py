"""Bodies and values that every row refuses. Each has MARK in it, which no answer may repeat."""

import json

from tests.integration.conftest import MARK


def nested(depth, opening, closing):
    return opening * depth + json.dumps(MARK) + closing * depth


NOT_JSON = {
    "nothing": b"",
    "no value": MARK.encode(),
    "half": b'{"email": "m4rk3r',
    "more than one": b'{"email": "m4rk3r"} {"m4rk3r": 1}',
    "single quotes": b"{'email': 'm4rk3r'}",
    "a comment": b'{"email": "x" /* m4rk3r */}',
    "a trailing comma": b'{"email": "m4rk3r",}',
    "a form": b"email=m4rk3r&password=m4rk3r",
    "an array": b'["m4rk3r"]',
    "a string": b'"m4rk3r"',
    "a number": b"4",
    "null": b"null",
    "deep arrays": nested(5000, "[", "]").encode(),
    "deep objects": nested(5000, '{"a":', "}").encode(),
    "deep in a field": f'{{"email": {nested(5000, "[", "]")}}}'.encode(),
    "one level too deep": f'{{"email": {nested(500, "[", "]")}}}'.encode(),
    "NaN": b'{"email": "m4rk3r", "password": NaN}',
    "Infinity": b'{"email": "m4rk3r", "name": Infinity}',
    "-Infinity": b'{"m4rk3r": [-Infinity]}',
    "too long a number": b'{"name": ' + b"7" * 5000 + b"}",
    "a key twice": b'{"email": "m4rk3r", "email": "m4rk3r"}',
    "a key twice further in": b'{"email": {"m4rk3r": 1, "m4rk3r": 2}}',
    "a key twice in disguise": b'{"email": "m4rk3r", "\\u0065mail": "m4rk3r"}',
    "UTF-8 with a BOM": json.dumps({"name": MARK}).encode("utf-8-sig"),
    "UTF-16": json.dumps({"name": MARK}).encode("utf-16"),
    "UTF-16 without a BOM": json.dumps({"name": MARK}).encode("utf-16-le"),
    "UTF-32": json.dumps({"name": MARK}).encode("utf-32"),
    "Latin-1": '{"name": "m4rk3r é"}'.encode("latin-1"),
    "a surrogate in bytes": b'{"name": "m4rk3r \xed\xa0\x80"}',
    "a bare NUL": b'{"name": "m4rk3r \x00"}',
    "a bare line break": b'{"name": "m4rk3r \n"}',
}
NOT_JSON_TYPES = """text/plain text/json application/* application/jsonm4rk3r application/vnd.api+json m4rk3r
    application/x-www-form-urlencoded multipart/form-data;boundary=m4rk3r application/json,text/plain
    application/json;charset=utf-16 application/json;charset=latin-1 application/json;charset=m4rk3r"""
MISSHAPEN = {
    "an unknown field": b'{"m4rk3r": 1}',
    "a key with NUL": b'{"\\u0000m4rk3r": 1}',
    "a key that is no text": b'{"m4rk3r \\ud800": 1}',
    "a long key": b'{"' + b"m4rk3r" * 9000 + b'": 1}',
    "a key with markup": b'{"<script>m4rk3r": 1}',
    "a magic key": b'{"__proto__": {"m4rk3r": 1}, "__class__": "m4rk3r"}',
    "many keys": json.dumps({f"{MARK}{number}": 1 for number in range(3000)}).encode(),
    "deep enough to be read": f'{{"email": {nested(499, "[", "]")}}}'.encode(),
    "a number beyond": b'{"name": 1e999, "email": -1e999, "password": 1e-999}',
}
NOT_TEXT = [None, True, 7, [], ["m4rk3r"], {"m4rk3r": 1}]
NOT_TRUE_OR_FALSE = [None, 0, 1, "true", "on", "m4rk3r", [], {}]
NOT_MOMENTS = [True, 7, MARK, "2026-01-31", "2026-01-31T12:00:00", [], {}]
NOT_DATES = [True, 7, MARK, "", "2026-02-30", "2026-01-31T12:00:00", [], {}]
NOT_IDS = ["1", MARK, "00000000-0000-0000-0000-00000000000", "%00", "'--", "٣" * 36]
